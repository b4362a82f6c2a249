#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Which instructions stand in which objects: code that runs before the choice of
# kernels, or after choosing lesser ones, must run on any CPU of the architecture.
set -u
. "$srcdir/tests/tree/tap.sh"

plain="no AVX outside the AVX kernels"
avx2="the AVX2 kernels have fused multiply-add and nothing of AVX-512"
avx512="the AVX-512 kernels use its registers"
reason=
if [ "$host_cpu" != x86_64 ]; then
    reason="there is one baseline on $host_cpu"
elif ! command -v "$OBJDUMP" >/dev/null; then
    reason="no objdump"
elif echo | $CC $CFLAGS -dM -E - | grep -q __AVX__; then
    reason="CFLAGS raise the baseline to AVX: $CFLAGS"
fi
if [ -n "$reason" ]; then
    for name in "$plain" "$avx2" "$avx512"; do skip "$name" "$reason"; done
    finish
fi

archive=$(pwd)/.libs/libcore.a
mkdir "$scratch/objects"
(cd "$scratch/objects" && ar x "$archive")

listing() { # PATTERN: "object function mnemonic operands" of the objects whose names match
    for object in "$scratch"/objects/*; do
        case $object in
        $1) $OBJDUMP -d --no-show-raw-insn "$object" | awk -v object="${object##*/}" '
                /^[0-9a-f]+ <.*>:$/ { function_name = $2 }
                /^ +[0-9a-f]+:\t/ {
                    split($0, field, "\t")
                    print object, function_name, field[2]
                }' ;;
        esac
    done
}

# AVX mnemonics begin with v, and of the others only some that compilers never use.
{
    listing '*' | awk '$1 !~ /kernels_avx/ && $3 ~ /^v/' | head -n 20
    [ -n "$(listing '*kernels_generic*' | head -n 1)" ] || echo "no generic kernels"
} | nothing "$plain"
{
    listing '*kernels_avx2*' | grep -E '%zmm|%[xy]mm(1[6-9]|2[0-9]|3[01])|%k[0-7]' | head -n 20
    listing '*kernels_avx2*' | grep -q vfmadd || echo "no vfmadd"
} | nothing "$avx2"
{
    listing '*kernels_avx512*' | grep -q %zmm || echo "no zmm register"
} | nothing "$avx512"
finish
