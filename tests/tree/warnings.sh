#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Every source is clean under -Wall -Wextra -Werror with gcc and with clang, whichever
# of them the library is built with.  Unoptimized, to be quick: the warnings that the
# optimizer finds are for `make distcheck`, which builds with -Werror.
set -u
. "$srcdir/tests/tree/tap.sh"
# shellcheck disable=SC2034 # used in an eval
build=$(pwd) # for the headers that it generates
cd "$top" || exit 99

check() { # COMPILER FLAGS... FILE
    # The flags hold quotes and blanks meant for a shell.
    eval '"$@"' "$CPPFLAGS" -S -o /dev/null -std=gnu11 -fopenmp -Iinclude -Isrc -Itests \
        '-I"$build"' -I. -Wall -Wextra -Werror -ffp-contract=off 2>&1
}

isas=generic
case $host_cpu in
x86_64) isas='generic avx2 avx512' ;;
aarch64) isas='generic neon' ;;
esac

check_all() { # COMPILER
    for file in $(find src bench tests examples -name '*.c' | sort); do
        case $file in
        src/kernels/kernels.c | bench/moves.c | bench/textbook_loops.c)
            for isa in $isas; do
                case $isa in
                avx2) flags=$AVX2_CFLAGS ;;
                avx512) flags=$AVX512_CFLAGS ;;
                *) flags= ;;
                esac
                # shellcheck disable=SC2086 # words
                check "$1" -DBNORM_KERNELS=$isa -DLOOPS_ISA=$isa $flags "$file"
            done ;;
        tests/*) [ $cunit = no ] || check "$1" "$file" ;;
        *) check "$1" "$file" ;;
        esac
    done
}

compiles() { # COMPILER HEADER
    printf '#include <%s>\nint main(void) { return 0; }\n' "$2" |
        eval '"$1"' "$CPPFLAGS" -fopenmp -fsyntax-only -x c - 2>/dev/null
}

for compiler in gcc clang; do
    name="all sources are clean with $compiler -Wall -Wextra -Werror"
    if ! command -v $compiler >/dev/null; then
        skip "$name" "no $compiler"
    elif ! compiles $compiler omp.h; then
        skip "$name" "$compiler finds no omp.h"
    else
        cunit=yes
        compiles $compiler CUnit/CUnit.h || cunit=no
        check_all $compiler | nothing "$name"
        [ $cunit = yes ] || skip "the tests with $compiler" "no CUnit"
    fi
done
finish
