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

# read_options < COMMANDS: complaints.  --help at the end: what stands before it is read, and
# nothing runs.
read_options() {
    sed 's/^bnorm-bench \([^|]*\).*/bench\/bnorm-bench \1 --help/; s/ --ceilings [^ ]*//' |
        tee "$scratch/commands" | while read -r command; do
            eval "$command" > "$scratch/out" 2>&1 </dev/null ||
                { echo "$command"; cat "$scratch/out"; }
        done
    grep -q '^bench/bnorm-bench run ' "$scratch/commands" || echo "no commands"
}

awk '/^```console$/ { inside = 1; next }
     /^```$/ { inside = 0 }
     inside && /^\$ / { print substr($0, 3) }' "$top/README.md" | read_options |
    nothing "the README's commands have options that exist"

man=$top/bench/bnorm-bench.1
sed -n '/^\.SH EXAMPLES/,$ { s/\\-/-/g; /^bnorm-bench /p; }' "$man" | read_options |
    nothing "so have those of the man page"

sed -n 's/.*getenv("\([A-Z_]*\)").*/\1/p; s/.*[^a-z_]value("\([A-Z_]*\)").*/\1/p' \
    "$top/src/base/env.c" "$top"/bench/*.c > "$scratch/variables"
{
    grep -q BNORM_ISA "$scratch/variables" || echo "no variables"
    sed -n '/^\.SH ENVIRONMENT/,/^\.SH EXAMPLES/p' "$man" > "$scratch/environment"
    while read -r name; do
        grep -q "^\.B $name" "$scratch/environment" || echo "$name is not there"
    done < "$scratch/variables"
} | nothing "the man page names every variable that is read"

finish
