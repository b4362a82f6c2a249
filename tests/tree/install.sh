#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# A C and a C++ program find the installed library by pkg-config, build and run.
# With installed=yes against what is installed already, else in a scratch prefix.
set -u
. "$srcdir/tests/tree/tap.sh"

if [ -z "${installed-}" ]; then
    succeeds "make install" "$MAKE" install DESTDIR="$scratch/root"
    PKG_CONFIG_SYSROOT_DIR=$scratch/root # goes before the paths that pkg-config prints
    export PKG_CONFIG_SYSROOT_DIR
    libdir=$scratch/root$libdir
fi
PKG_CONFIG_PATH=$libdir/pkgconfig${PKG_CONFIG_PATH+:$PKG_CONFIG_PATH}
LD_LIBRARY_PATH=$libdir${LD_LIBRARY_PATH+:$LD_LIBRARY_PATH}
export PKG_CONFIG_PATH LD_LIBRARY_PATH
consumer=$top/tests/tree/consumer.c
case $CC in # the static library's users need the same OpenMP runtime
*clang*) cxx=$(echo "$CC" | sed 's/clang/clang++/') ;;
*) cxx=c++ ;;
esac

build_and_run() { # OUTPUT "FLAGS" PKG-CONFIG-OPTION COMPILER...
    program=$scratch/$1 flags=$2 option=$3
    shift 3
    # shellcheck disable=SC2046,SC2086 # lists of words
    "$@" -Wall -Wextra -pedantic -Werror $($PKG_CONFIG --cflags bnorm) "$consumer" \
        -o "$program" $flags $($PKG_CONFIG $option --libs bnorm) && "$program"
}

consumers() { # KIND FLAGS PKG-CONFIG-OPTION
    # shellcheck disable=SC2086 # CC and cxx may hold flags
    succeeds "a C program with the $1 library" build_and_run "c-$1" "$2" "$3" $CC -std=c11
    if command -v ${cxx%% *} >/dev/null; then
        succeeds "a C++ program with the $1 library" \
            build_and_run "c++-$1" "$2" "$3" $cxx -std=c++11 -x c++
    else
        skip "a C++ program with the $1 library" "no C++ compiler"
    fi
}

if [ -e "$libdir/libbnorm.so" ]; then
    consumers shared "" ""
    linked=$(ldd "$scratch/c-shared" 2>&1)
    case $linked in
    *"libbnorm.so."*" => $libdir/"*) ;;
    *) echo "$linked" ;;
    esac | nothing "the program runs with the installed library"
else
    skip "the shared library" "it was not built"
fi
if [ -e "$libdir/libbnorm.a" ]; then
    # The linker prefers a shared library that stands beside the static one.
    mkdir "$scratch/static"
    cp "$libdir/libbnorm.a" "$scratch/static"
    consumers static "-L$scratch/static" --static
    ldd "$scratch/c-static" 2>&1 | grep libbnorm | nothing "the program holds the library"
else
    skip "the static library" "it was not built"
fi
finish
