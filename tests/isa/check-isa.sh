#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Run the test programs on machines that one does not have, and compare: every case
# must pass there too, there must be as many of them, and every hash must be the one
# that the generic kernels give natively.  Sweeps run one trial in 29 (coprime to the
# lengths of their loops): Bochs is some hundred times as slow as the CPU.
#
#   native  this CPU: generic (the reference), and each other ISA that it has
#   k8      an x86-64 without AVX, SSE4 and FMA (qemu-user): generic needs none of them
#   haswell AVX2 and FMA (qemu-user), where this CPU lacks them
#   bochs   Skylake-X, for AVX-512, where this CPU lacks it: a whole emulated PC, and slow
#   arm64   NEON and generic (cross compiler, qemu-user)
#
# CHECK_ISA_MACHINES  which of k8 haswell bochs arm64 (default: all, but haswell and bochs
#                     only where this CPU does not stand for them)
# CHECK_ISA_PROGRAMS  patterns of test programs, as tests/exec/* (default: *)
# CHECK_ISA_CACHE     where downloads are kept (default: tests/isa/cache of the build)
# shellcheck disable=SC2086,SC2154 # lists of words; srcdir comes from the makefile
set -uf     # f: the patterns are not for the shell to expand
# shellcheck source=tests/tree/tap.sh
. "$srcdir/tests/tree/tap.sh"
# shellcheck source=tests/support/variant.sh
. "$srcdir/tests/support/variant.sh"
here=$top/tests/isa
work=$PWD/tests/isa/work
cache=${CHECK_ISA_CACHE:-$PWD/tests/isa/cache}
patterns=${CHECK_ISA_PROGRAMS:-*}
k8="qemu-x86_64-static -cpu Opteron_G1"
begin=$(seconds)

has() { grep -qw "$1" /proc/cpuinfo; }
has_avx2() { has avx2 && has fma; }
has_avx512() { has avx512f && has fma; }

machines=${CHECK_ISA_MACHINES:-k8 $(has_avx2 || echo haswell) $(has_avx512 || echo bochs) arm64}
selected() { case " $machines " in *" $1 "*) ;; *) return 1 ;; esac; }

log_of() { echo "$work/log/$1/$(echo "$2" | tr / -).txt"; }

hashes() { sed -n 's/^# hash //p' "$1" | sort; }

# judge MACHINE-ISA BUILD: each program's log, against that of the reference.
judge() {
    for program in $(programs "$2" $patterns); do
        log=$(log_of "$1" "$program") reference=$(log_of native-generic "$program")
        hashes "$log" >"$scratch/here"
        hashes "$reference" >"$scratch/native"
        {
            complaints "$log"
            grep -E '^qemu: ' "$log"
            diff "$scratch/native" "$scratch/here" | sed -n 's/^</hash, native:/p; s/^>/hash, here:/p'
            if [ "$(sed -n 's/^1\.\.//p' "$log")" != "$(sed -n 's/^1\.\.//p' "$reference")" ]; then
                echo "natively there are $(cases "$reference")"
            fi
        } | head -n 40 |
            nothing "$1: $program, $(cases "$log"), $(wc -l <"$scratch/here") hashes"
    done
}

# try MACHINE ISA BUILD COMMAND...: run and judge all programs.
try() {
    machine=$1-$2 isa=$2 build=$3 start=$(seconds)
    shift 3
    for program in $(programs "$build" $patterns); do
        (cd "$work/$build" && BNORM_ISA=$isa BNORM_TEST_SAMPLE=29 OMP_WAIT_POLICY=passive \
            run "$(log_of "$machine" "$program")" timeout 300 "$@" "./$program")
    done
    echo "# $machine: $(($(seconds) - start)) s"
    judge "$machine" "$build"
}

# choice NAME ISA BUILD COMMAND...: what the library chooses there when left alone.
choice() {
    log=$work/log/choice-$1.txt name=$1 isa=$2 build=$3
    shift 3
    (cd "$work/$build" && run "$log" env -u BNORM_ISA BNORM_TEST_EXPECT_ISA="$isa" \
        "$@" ./tests/isa/test_dispatch)
    complaints "$log" | nothing "left alone on $name, the library chooses $isa"
}

# ---- AVX-512 in Bochs ----------------------------------------------------------

# The guest runs all programs; its serial port gets their logs, one after another.
boot_bochs() { # KERNEL; leaves the process in $bochs
    root=$work/bochs/root
    rm -rf "$work/bochs"
    mkdir -p "$root"
    {
        echo "export BNORM_ISA=avx512 BNORM_TEST_SAMPLE=29 OMP_WAIT_POLICY=passive"
        for program in $(programs native $patterns); do
            mkdir -p "$root/$(dirname "$program")"
            strip -o "$root/$program" "$work/native/$program"
            echo "echo '@ $program'; ./$program; echo \"# exit \$?, up \$(cut -d' ' -f1 /proc/uptime)\""
        done
        strip -o "$root/dispatch" "$work/native/tests/isa/test_dispatch"
        echo "echo '@ choice'; env -u BNORM_ISA BNORM_TEST_EXPECT_ISA=avx512 ./dispatch"
        echo 'echo "# exit $?"'
    } >"$root/guest-main"
    "$here/run-bochs" "$1" "$root" "$work/bochs" 1500 >"$work/log/bochs.txt" 2>&1 &
    bochs=$!
    trap 'kill $bochs 2>/dev/null; rm -rf "$scratch"' EXIT
}

judge_bochs() { # STATUS
    mkdir -p "$work/log/bochs-avx512"
    tr -d '\r' <"$work/bochs/serial.txt" | awk -v folder="$work/log/bochs-avx512" '
        /^@ / { name = $2; gsub("/", "-", name); file = folder "/" name ".txt"; next }
        file != "" { print >file }'
    { [ $1 = 0 ] || tail -n 5 "$work/log/bochs.txt" "$work/bochs/serial.txt"; } |
        nothing "bochs: the guest ran to its end; $(tail -n 1 "$work/log/bochs.txt")"
    complaints "$work/log/bochs-avx512/choice.txt" |
        nothing "left alone on Skylake-X, the library chooses avx512"
    judge bochs-avx512 native
}

# ---- all of it -----------------------------------------------------------------

[ "$(uname -m)" = x86_64 ] || skip_all "the emulators are set up for an x86-64 host"
require "$here/packages.txt" check-isa
rm -rf "$work/log"
mkdir -p "$work/log"

build native LDFLAGS=-all-static --without-hwloc --without-onednn --disable-shared CFLAGS=-O3 || finish
[ -n "$(programs native $patterns)" ] || skip_all "no test program was selected"

bochs=
if selected bochs; then
    if kernel=$("$here/fetch-kernel" "$cache" 2>"$work/log/kernel.txt"); then
        boot_bochs "$kernel" # it takes longest, and one core
    else
        tail -n 5 "$work/log/kernel.txt" | nothing "bochs: a kernel to boot"
    fi
fi

try native generic native
if has_avx2; then try native avx2 native; fi
if has_avx512; then
    try native avx512 native
    choice "this CPU, which has AVX-512" avx512 native
fi

if selected k8; then
    try k8 generic native $k8
    choice "K8, which has no AVX" generic native $k8
    choice "Sandy Bridge, which has AVX but not AVX2" generic native \
        qemu-x86_64-static -cpu SandyBridge
fi
if selected haswell; then
    try haswell avx2 native qemu-x86_64-static -cpu Haswell
    choice Haswell avx2 native qemu-x86_64-static -cpu Haswell
fi

if selected arm64; then
    if ! cunit=$("$here/fetch-cunit" "$cache" 2>"$work/log/cunit.txt"); then
        tail -n 5 "$work/log/cunit.txt" | nothing "arm64: CUnit to build with"
    elif build arm64 LDFLAGS=-all-static --without-hwloc --without-onednn --disable-shared CFLAGS=-O3 \
        --build=x86_64-linux-gnu --host=aarch64-linux-gnu CUNIT_CFLAGS="-I$cunit/include" \
        CUNIT_LIBS="-L$cunit/lib/aarch64-linux-gnu -lcunit"; then
        try arm64 generic arm64 qemu-aarch64-static
        try arm64 neon arm64 qemu-aarch64-static
        choice arm64 neon arm64 qemu-aarch64-static
    fi
fi

if [ -n "$bochs" ]; then
    wait $bochs
    judge_bochs $?
fi
echo "# all: $(($(seconds) - begin)) s"
finish
