#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck disable=SC2154 # srcdir comes from the makefile
# The examples run and print what their comments promise; the README shows the
# first of them word for word.
set -u
. "$srcdir/tests/tree/tap.sh"

# Columns of evenly spaced values: y is the same in both, +-1.342 and +-0.447.
{
    examples/first > "$scratch/out" 2>&1 || echo "examples/first failed"
    for y in -1.342 -0.447 0.447 1.342; do
        grep -q "^y  *$y  *$y  *dx" "$scratch/out" || echo "no line with y = $y"
    done
} | nothing "the first example"

{
    examples/step > "$scratch/out" 2>&1 || echo "examples/step failed"
    grep -qx 'loss 0.063528 per column, dgamma\[0\] 0.230192' "$scratch/out" ||
        cat "$scratch/out"
} | nothing "the step example"

{
    examples/panels > "$scratch/out" 2>&1 || echo "examples/panels failed"
    grep -qx 'column 7 of y: mean -\{0,1\}0.0000, variance 1.0000' "$scratch/out" ||
        cat "$scratch/out"
} | nothing "the panels example"

awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$top/README.md" \
    > "$scratch/shown"
diff "$top/examples/first.c" "$scratch/shown" 2>&1 | nothing "the README shows examples/first.c"

# --help at the end: what stands before it is read, and nothing runs.
commands='/^```console$/ { inside = 1; next } /^```$/ { inside = 0 } inside && /^\$ / { print substr($0, 3) }'
{
    awk "$commands" "$top/README.md" > "$scratch/commands"
    grep -q '^bnorm-bench run ' "$scratch/commands" || echo "no commands"
    sed 's/^bnorm-bench \([^|]*\).*/bench\/bnorm-bench \1 --help/' "$scratch/commands" |
        while read -r command; do
            eval "$command" > "$scratch/out" 2>&1 </dev/null || { echo "$command"; cat "$scratch/out"; }
        done
} | nothing "the README's commands have options that exist"

finish
