#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Run the test programs on machines that one does not have, and compare: every case
# must pass there too, there must be as many of them, and every hash must be the one
# that the generic kernels give natively.  `make check-isa` calls this; TAP on stdout.
#
#   native  this CPU: generic (the reference), and each other ISA that it has
#   k8      an x86-64 without AVX, SSE4 and FMA (qemu-user): generic needs none of them
#   haswell AVX2 and FMA (qemu-user), where this CPU lacks them
#   bochs   Skylake-X, for AVX-512: a whole emulated PC, and slow
#   arm64   NEON and generic (cross compiler, qemu-user)
#
# CHECK_ISA_MACHINES  which of k8 haswell bochs arm64; on a CPU that has AVX-512 one
#                     may leave out bochs (default: all that this CPU cannot replace,
#                     and bochs in any case: others have no such CPU)
# CHECK_ISA_PROGRAMS  patterns of the test programs (default: *)
# CHECK_ISA_CACHE     where downloads are kept (default: tests/isa/cache of the build)
set -uf     # f: patterns of programs are not for the shell to expand
# The makefile that calls this is not the one that builds here.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES CC CFLAGS CPPFLAGS LDFLAGS LIBS AR NM OBJDUMP PKG_CONFIG libdir
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$PWD/tests/isa/work
cache=${CHECK_ISA_CACHE:-$PWD/tests/isa/cache}
jobs=$(nproc)
tests=0 failures=0

skip_all() { echo "1..0 # SKIP $*"; exit 0; }
note() { echo "# $*"; }
seconds() { date +%s; }

# verdict STATUS NAME [WHY]: one line of TAP.
verdict() {
    tests=$((tests + 1))
    if [ "$1" = 0 ]; then
        echo "ok $tests - $2"
    else
        failures=$((failures + 1))
        echo "not ok $tests - $2"
    fi
    [ -z "${3:-}" ] || echo "$3" | sed 's/^/# /'
}

has() { grep -qw "$1" /proc/cpuinfo; }

# ---- what is needed ------------------------------------------------------------

missing_packages() {
    sed 's/#.*//' "$here/packages.txt" | while read -r package; do
        [ -z "$package" ] ||
            dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            printf ' %s' "$package"
    done
}

[ "$(uname -m)" = x86_64 ] || skip_all "the emulators are set up for an x86-64 host"
command -v apt-get >/dev/null || skip_all "kernel and arm64 CUnit come by apt-get"
missing=$(missing_packages)
[ -z "$missing" ] || skip_all "needs:$missing (./bootstrap check-isa installs them)"
[ ! -e "$top/config.status" ] ||
    skip_all "the source tree is configured in place: build in a folder of its own"

machines=${CHECK_ISA_MACHINES:-k8 $(has avx2 && has fma || echo haswell) bochs arm64}
selected() { case " $machines " in *" $1 "*) ;; *) return 1 ;; esac; }
rm -rf "$work/log"
mkdir -p "$work/log"

# ---- static builds -------------------------------------------------------------

# build NAME CONFIGURE-ARGUMENT...: all test programs, static, under work/NAME.
build() {
    name=$1 start=$(seconds)
    shift
    mkdir -p "$work/$name"
    (
        cd "$work/$name" &&
        { [ -e Makefile ] || "$top/configure" --without-hwloc --without-jansson \
            --without-hdf5 --disable-shared CFLAGS=-O2 "$@"; } &&
        make -j"$jobs" check TESTS= LDFLAGS=-all-static
    ) >"$work/log/build-$name.txt" 2>&1
    status=$?
    verdict $status "static build, $name, $(($(seconds) - start)) s" \
        "$([ $status = 0 ] || tail -20 "$work/log/build-$name.txt")"
    return $status
}

# The test programs of build NAME, as selected.
programs() {
    for program in $(make -s --no-print-directory -C "$work/$1" print-check-programs); do
        for pattern in ${CHECK_ISA_PROGRAMS:-*}; do
            case $program in $pattern) echo "$program"; break ;; esac
        done
    done
}

# ---- runs ----------------------------------------------------------------------

log_of() { echo "$work/log/$1/$(echo "$2" | tr / -).txt"; }

# run MACHINE ISA BUILD COMMAND...: all programs, logs under log/MACHINE-ISA.
run() {
    machine=$1-$2 isa=$2 build=$3
    shift 3
    mkdir -p "$work/log/$machine"
    for program in $(programs "$build"); do
        log=$(log_of "$machine" "$program")
        (cd "$work/$build" && BNORM_ISA=$isa timeout 300 "$@" "./$program") >"$log" 2>&1
        echo "# exit $?" >>"$log"
    done
}

# A log in short: exit status, number of cases, failures, then the sorted hashes.
digest() {
    awk '/^ok / { cases++ } /^not ok / { cases++; bad++ } /^# hash / { print $3, $4 }
         /^1\.\./ { plan = substr($0, 4) } /^# exit / { status = $3 }
         END { printf "!cases %d of %d, failed %d, exit status %s\n", cases, plan, bad, status }' \
        "$1" | sort
}

# compare MACHINE ISA BUILD: each program's log with that of the reference.
compare() {
    for program in $(programs "$3"); do
        log=$(log_of "$1-$2" "$program")
        digest "$log" >"$work/log/this" 2>&1
        digest "$(log_of native-generic "$program")" >"$work/log/reference" 2>&1
        hashes=$(grep -vc '^!' "$work/log/this")
        cases=$(sed -n 's/^!cases \([0-9]*\) .*/\1/p' "$work/log/this")
        skips=$(grep -c '^ok .*# SKIP' "$log")
        why=$(diff "$work/log/reference" "$work/log/this" | sed -n 's/^</native:/p; s/^>/here:/p' | head -20
              grep -A5 -E '^not ok|^qemu:' "$log" | head -20)
        grep -q 'failed 0, exit status 0$' "$work/log/this" && [ "$cases" -gt 0 ] && [ -z "$why" ]
        verdict $? "$1 $2: $program, $cases cases ($skips skipped), $hashes hashes" "$why"
    done
}

# dispatch NAME EXPECTED BUILD COMMAND...: what the library chooses when left alone.
dispatch() {
    log=$work/log/dispatch-$1.txt name=$1 expected=$2 build=$3
    shift 3
    (cd "$work/$build" && env -u BNORM_ISA BNORM_TEST_EXPECT_ISA="$expected" \
        "$@" ./tests/isa/test_dispatch) >"$log" 2>&1
    status=$?
    verdict $status "dispatch on $name: $expected" "$([ $status = 0 ] || cat "$log")"
}

# ---- AVX-512 in Bochs ----------------------------------------------------------

# The guest runs all programs; its serial port gets their logs, one after another.
start_bochs() {
    root=$work/bochs/root
    rm -rf "$work/bochs"
    mkdir -p "$root"
    {
        echo 'export BNORM_ISA=avx512 OMP_WAIT_POLICY=passive'
        for program in $(programs native); do
            mkdir -p "$root/$(dirname "$program")"
            strip -o "$root/$program" "$work/native/$program"
            echo "echo '@ $program'; ./$program; echo \"# exit \$? at \$(cut -d' ' -f1 /proc/uptime)\""
        done
        strip -o "$root/dispatch" "$work/native/tests/isa/test_dispatch"
        echo "echo '@ dispatch'; env -u BNORM_ISA BNORM_TEST_EXPECT_ISA=avx512 ./dispatch"
    } >"$root/guest-main"
    "$here/run-bochs" "$kernel" "$root" "$work/bochs" 900 >"$work/log/bochs.txt" 2>&1
    echo $? >"$work/bochs/status"
}

# Split what the serial port got into one log per program, and judge them.
finish_bochs() {
    mkdir -p "$work/log/bochs-avx512"
    tr -d '\r' <"$work/bochs/serial.txt" | awk -v folder="$work/log/bochs-avx512" '
        /^@ / { name = $2; gsub("/", "-", name); file = folder "/" name ".txt"; next }
        file != "" { print >file }'
    status=$(cat "$work/bochs/status")
    verdict "$status" "bochs: the guest ran to its end, $(cat "$work/bochs/seconds") s" \
        "$([ "$status" = 0 ] || tail -5 "$work/bochs/serial.txt")"
    ! grep -q '^not ok' "$work/log/bochs-avx512/dispatch.txt" 2>/dev/null &&
        grep -q '^ok' "$work/log/bochs-avx512/dispatch.txt"
    verdict $? "dispatch on bochs: avx512"
    compare bochs avx512 native
}

# ---- the plan ------------------------------------------------------------------

begin=$(seconds)
build native || { echo "1..$tests"; exit 1; }
[ -n "$(programs native)" ] || { echo "Bail out! no test program is selected"; exit 1; }
bochs=
if selected bochs; then
    if kernel=$("$here/fetch-kernel" "$cache" 2>"$work/log/kernel.txt"); then
        # in the background: it takes longest and fills one core
        (t=$(seconds); start_bochs; echo $(($(seconds) - t)) >"$work/bochs/seconds") &
        bochs=$!
        trap 'kill $bochs 2>/dev/null' EXIT
        trap 'exit 1' INT TERM
    else
        verdict 1 "bochs: a kernel to boot" "$(tail -5 "$work/log/kernel.txt")"
    fi
fi

time_it() { t=$(seconds); "$@"; note "$1 $2 $3: $(($(seconds) - t)) s"; }

time_it run native generic native
compare native generic native
for isa in avx2:avx2 avx512:avx512f; do
    if has "${isa#*:}" && has fma; then
        time_it run native "${isa%:*}" native
        compare native "${isa%:*}" native
    fi
done

if selected k8; then
    time_it run k8 generic native qemu-x86_64-static -cpu Opteron_G1
    compare k8 generic native
    dispatch "k8, which has no AVX" generic native qemu-x86_64-static -cpu Opteron_G1
    dispatch "SandyBridge, which has AVX but not AVX2" generic native \
        qemu-x86_64-static -cpu SandyBridge
fi
if selected haswell; then
    time_it run haswell avx2 native qemu-x86_64-static -cpu Haswell
    compare haswell avx2 native
    dispatch haswell avx2 native qemu-x86_64-static -cpu Haswell
fi

if selected arm64; then
    if cunit=$("$here/fetch-cunit" "$cache" 2>"$work/log/cunit.txt"); then
        if build arm64 --build=x86_64-linux-gnu --host=aarch64-linux-gnu \
            CUNIT_CFLAGS="-I$cunit/include" \
            CUNIT_LIBS="-L$cunit/lib/aarch64-linux-gnu -lcunit"; then
            for isa in generic neon; do
                time_it run arm64 $isa arm64 qemu-aarch64-static
                compare arm64 $isa arm64
            done
            dispatch arm64 neon arm64 qemu-aarch64-static
        fi
    else
        verdict 1 "arm64: CUnit to build with" "$(tail -5 "$work/log/cunit.txt")"
    fi
fi

if [ -n "$bochs" ]; then
    wait $bochs
    finish_bochs
fi
note "$((tests - failures)) passed, $failures failed, $(($(seconds) - begin)) s"
echo "1..$tests"
[ $failures = 0 ]
