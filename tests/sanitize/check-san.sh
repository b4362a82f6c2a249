#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The test programs under AddressSanitizer with UndefinedBehaviorSanitizer, and those
# about threads under ThreadSanitizer.  `make check-san` calls this.  Planted faults
# come first: a sanitizer that misses them would prove nothing.
#
# clang for both: its AddressSanitizer sees masked and streaming stores, gcc's does not;
# its ThreadSanitizer understands OpenMP (libomp, through Archer), gcc's does not.
# ThreadSanitizer does not see stores wider than 16 bytes: it runs the generic kernels.
#
# CHECK_SAN_PROGRAMS  patterns of test programs (default: all, and for ThreadSanitizer
#                     those that make teams)
# shellcheck disable=SC2086,SC2154,SC2317 # lists of words; srcdir; functions called by name
set -uf     # f: the patterns are not for the shell to expand
# shellcheck source=tests/tree/tap.sh
. "$srcdir/tests/tree/tap.sh"
# shellcheck source=tests/support/variant.sh
. "$srcdir/tests/support/variant.sh"
here=$top/tests/sanitize
work=$PWD/tests/sanitize/work
team_programs="tests/exec/* tests/platform/* tests/api/* tests/numerics/*bits*"
begin=$(seconds)

address_flags="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
-fno-sanitize-recover=undefined"
thread_flags="-g -O1 -fsanitize=thread"

# Tests ask for more memory than there is, and expect a status.  libomp does not free
# all it had for nested teams.
under_address() {
    env OMP_WAIT_POLICY=passive ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=1 \
        LSAN_OPTIONS="suppressions=$work/leaks.txt:print_suppressions=0" \
        UBSAN_OPTIONS=print_stacktrace=1 "$@"
}

# -R: addresses where ThreadSanitizer's shadow memory expects them.
under_thread() {
    env BNORM_ISA=generic OMP_WAIT_POLICY=passive OMP_TOOL_LIBRARIES=libarcher.so \
        TSAN_OPTIONS=ignore_noninstrumented_modules=1:allocator_may_return_null=1 \
        setarch -R "$@"
}

# plant NAME FLAGS: tests/sanitize/planted.c as it is without a build system.
plant() {
    clang $2 -fopenmp "$here/planted.c" -o "$work/planted-$1" 2>&1 |
        nothing "$1: the planted faults compile"
}

# catches NAME FAULT REPORT: the sanitizer ends the program, and says REPORT.
catches() {
    "under_$1" "$work/planted-$1" "$2" >"$work/log/planted-$1-$2.txt" 2>&1
    status=$?
    if [ $status = 0 ] || ! grep -q "$3" "$work/log/planted-$1-$2.txt"; then
        echo "exit status $status, and no '$3'"
    fi | nothing "$1: catches a planted fault, $2"
}

passes() {
    "under_$1" "$work/planted-$1" clean 2>&1 | grep -vx 'clean: right sum' |
        nothing "$1: finds nothing where nothing is planted"
}

# Archer 14 itself, now and then, follows a bad pointer when a nested team forms.
archer_crashed() {
    grep -q 'ThreadSanitizer: SEGV' "$1" && grep -q '#[0-4] .*libarcher' "$1"
}

# try NAME PATTERN...: all programs that a pattern matches.
try() {
    sanitizer=$1 start=$(seconds)
    for program in $(programs "$@"); do
        log=$work/log/$sanitizer/$(echo "$program" | tr / -).txt
        for attempt in 1 2 3; do
            (cd "$work/$sanitizer" && run "$log" "under_$sanitizer" timeout 300 "./$program")
            archer_crashed "$log" || break
            echo "# Archer crashed in $program, attempt $attempt"
        done
        {
            complaints "$log"
            grep -E -A12 'ERROR: |WARNING: ThreadSanitizer|runtime error:' "$log" | head -n 60
        } | nothing "$sanitizer: $program, $(cases "$log")"
    done
    echo "# $sanitizer: $(($(seconds) - start)) s"
}

require "$here/packages.txt" check-san
rm -rf "$work/log"
mkdir -p "$work/log"
echo 'leak:libomp.so' >"$work/leaks.txt"

plant address "$address_flags"
passes address
catches address overflow 'AddressSanitizer: heap-buffer-overflow'
catches address leak 'LeakSanitizer: detected memory leaks'
catches address undefined 'runtime error: signed integer overflow'
if build address V=1 --disable-shared CC=clang CFLAGS="$address_flags"; then
    try address ${CHECK_SAN_PROGRAMS:-*}
fi

plant thread "$thread_flags"
passes thread
catches thread race 'ThreadSanitizer: data race'
catches thread barrier 'ThreadSanitizer: data race'
if build thread V=1 --disable-shared CC=clang CFLAGS="$thread_flags"; then
    try thread ${CHECK_SAN_PROGRAMS:-$team_programs}
fi
echo "# all: $(($(seconds) - begin)) s"
finish
