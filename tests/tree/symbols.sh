#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The names that the libraries show to others.
set -u
. "$srcdir/tests/tree/tap.sh"

# What the header declares: "BNORM_API type name(" with comments taken out.
grep -v '^#' "$top/include/bnorm.h" | tr '\n' ' ' | sed 's,/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/, ,g' |
    grep -oE 'BNORM_API [^;(]*\(' | grep -oE '[a-z0-9_]+ *\($' | tr -d ' (' |
    sort > "$scratch/declared"
if [ "$(wc -l < "$scratch/declared")" -lt 10 ]; then cat "$scratch/declared"; fi |
    nothing "the header's declarations are found"

shared=.libs/libbnorm.so
exported="the shared library exports what the header declares, and nothing else"
if [ -e $shared ]; then
    $NM -D --defined-only $shared | awk '{ print $NF }' | sort > "$scratch/exported"
    diff "$scratch/declared" "$scratch/exported" | grep '^[<>]' |
        sed 's/^</missing:/; s/^>/extra:/' | nothing "$exported"
else
    skip "$exported" "no shared library was built"
fi

static=.libs/libbnorm.a
prefixed="every external symbol of the static library begins with bnorm_"
if [ -e $static ]; then
    $NM -g --defined-only $static | awk 'NF == 3 && $3 !~ /^bnorm_/ { print $3 }' |
        nothing "$prefixed"
else
    skip "$prefixed" "no static library was built"
fi
finish
