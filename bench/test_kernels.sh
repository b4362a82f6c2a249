#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck disable=SC2154 # variables of the makefile and of tap.sh
# bnorm-kernels and bnorm-walk: what they take, and that they know all kernels.  Their figures
# are not checked here.
set -u
. "$srcdir/tests/tree/tap.sh"
. "$srcdir/bench/expect.sh"
bench=bench/bnorm-kernels
unset BNORM_ISA

ends 0 '^usage: bnorm-kernels' "--help" --help
for bad in '--rows 65' '--rows 0' '--cols x' '--rounds -1' '--dtype f31' '--kernel jump' more; do
    # shellcheck disable=SC2086 # words
    ends 2 "what is '${bad#* }'" "$bad" $bad
done
ends 2 'jump' "an unknown option" --jump
ends 3 "this CPU has no 'jump'" "an unknown ISA" --isa jump
ends 0 '^f64  *sum_xdy  *[0-9.]*  *[0-9.]*$' "one kernel, a tile of tails" \
    --isa generic --dtype f64 --kernel sum_xdy --rows 3 --cols 7 --rounds 1
ends 0 '^generic f32 pack 28$' "calls of it alone" \
    --isa generic --dtype f32 --kernel pack --rows 4 --cols 7 --calls 1

# Whoever adds a kernel to the table adds it to the program, too.
$bench --calls 1 --cols 40 >"$scratch/calls"
sed -n 's/^ *void (\*\([a-z_]*\))(.*/\1/p' "$top/src/kernels/kernels.h" | grep -vx fence \
    >"$scratch/kernels"
{
    [ -s "$scratch/kernels" ] || echo "no kernels in kernels.h"
    while read -r kernel; do
        grep -q "^generic f64 $kernel 2560$" "$scratch/calls" ||
            echo "$kernel is not in bench/kernels/calls.def"
    done <"$scratch/kernels"
} | nothing "every kernel of the table is called"

# Beside AVX2's kernels stand the portable ones with its flags.
if grep -q '^avx2 ' "$scratch/calls"; then
    ends 0 'generic_avx2  *median .* ratio$' "the ratio of AVX2" \
        --kernel forward --dtype f32 --cols 40 --rounds 1
else
    skip "the ratio of AVX2" "no AVX2 here"
fi

bench=bench/bnorm-walk
ends 0 '^usage: bnorm-walk' "walk: --help" --help
ends 2 '^bnorm-walk: no --shape' "walk: no shape"
ends 2 "^bnorm-walk: --shape '5x'" "walk: a bad shape" --shape 5x
for bad in '--layout heaps' '--dtype f31' '--threads 0' '--reps x' more; do
    # shellcheck disable=SC2086 # words
    ends 2 "what is '${bad#* }'" "walk: $bad" --shape 100x64 $bad
done
ends 3 'jump' "walk: an unknown ISA" --shape 100x64 --isa jump
if grep -q '^avx2 ' "$scratch/calls"; then
    for layout in rows panels panels8; do
        ends 0 "^300x70  *fused  *[a-z]*  *[0-9.]*  *[0-9.]*  *[0-9.]*  *[0-9]*  *[0-9]*$" \
            "walk: $layout" --layout $layout --shape 300x70 --isa avx2 --reps 1
    done
else
    skip "walk: kernels that compute nothing" "no AVX2 here"
fi
finish
