#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck disable=SC2013,SC2154 # words; variables of the makefile and of tap.sh
# The instructions that a kernel takes per element, counted by callgrind, are those of
# its budget, within 5%: a kernel that got worse is seen on any machine, however busy.
#
#   budgets.sh            compare with tests/kernels/budgets/<cpu>-<compiler>
#   budgets.sh --write    write that file (make budgets)
#
# A budget is that of one compiler with configure's own CFLAGS.  What is counted is the
# program's own code: what the C library does depends on its version.
set -u
. "$srcdir/tests/tree/tap.sh"

program=bench/bnorm-kernels
calls=2
percent=5

give_up() { # REASON
    if [ $write = yes ]; then echo "$0: $1" >&2; exit 1; fi
    echo "1..0 # SKIP $1"
    exit 0
}

write=no
[ "${1:-}" != --write ] || write=yes
unset BNORM_ISA # all that valgrind's CPU can do

if ! ./$program --calls 1 >"$scratch/native"; then
    echo "1..1"
    echo "not ok 1 - $program runs"
    exit 1
fi
# shellcheck disable=SC2016 # text of configure.ac
flags=$(sed -n 's/^: ${CFLAGS="\(.*\)"}$/\1/p' "$top/configure.ac")
compiler=$(./$program --compiler)
budgets=$top/tests/kernels/budgets/$host_cpu-$compiler
[ "$CFLAGS" = "$flags" ] || give_up "budgets are for CFLAGS='$flags', not '$CFLAGS'"
case $CC in *' -m'* | *' -O'* | *' -f'*) give_up "budgets are for a compiler without flags: $CC" ;; esac
command -v valgrind >/dev/null 2>&1 || give_up "valgrind is not installed"
[ $write = yes ] || [ -e "$budgets" ] ||
    give_up "no budgets for $compiler on $host_cpu: 'make budgets' writes them"

# valgrind does not know every compiler's debug information.
counted=$scratch/bnorm-kernels
strip -g -o "$counted" $program 2>/dev/null || cp $program "$counted"

# own FILE...: for each part of a profile, the instructions in the program itself.  A
# line "calls=" is followed by what was spent inside, which has lines of its own.
own() {
    awk -v program="$counted" '
        function flush() { if (name != "") printf "%d\n", cost }
        FNR == 1 { flush(); name = FILENAME; cost = inside = skip = 0 }
        /^ob=/ { inside = $0 == "ob=" program; next }
        /^calls=/ { skip = 1; next }
        /^[-+*0-9]/ { if (inside && !skip) cost += $2; skip = 0 }
        END { flush() }' "$@"
}

# profile CALLS: "isa dtype kernel elements instructions" of that many calls of each
profile() {
    out=$scratch/$1
    mkdir "$out"
    valgrind --tool=callgrind --compress-strings=no --dump-after=tile_run \
        --callgrind-out-file="$out/part" "$counted" --calls "$1" \
        >"$out/list" 2>"$out/log" || return 1
    # One part for each line of the list, and what came after.
    set --
    while [ $# -lt "$(wc -l <"$out/list")" ]; do set -- "$@" "$out/part.$(($# + 1))"; done
    own "$@" >"$out/own" && paste -d ' ' "$out/list" "$out/own"
}

# Whatever is not part of a call is in both.
if ! profile $calls >"$scratch/once" || ! profile $((2 * calls)) >"$scratch/twice"; then
    tail -n 20 "$scratch"/[0-9]*/log | sed 's/^/# /' >&2
    give_up "callgrind does not run here"
fi
paste -d ' ' "$scratch/once" "$scratch/twice" | awk -v calls=$calls '{
    printf "%s %s %s %.4f\n", $1, $2, $3, ($10 - $5) / calls / $4
}' | sort >"$scratch/found"

if [ $write = yes ]; then
    {
        echo "# SPDX-License-Identifier: BSD-3-Clause"
        echo "# Instructions per element of each kernel, written by 'make budgets' with"
        echo "# $($CC --version | head -n 1), CFLAGS='$flags'."
        cat "$scratch/found"
    } >"$budgets.new" && mv "$budgets.new" "$budgets" && echo "$budgets"
    exit
fi

# ---- compare ---------------------------------------------------------------------

while read -r isa dtype kernel got; do
    budget=$(sed -n "s/^$isa $dtype $kernel //p" "$budgets")
    if [ -z "$budget" ]; then
        echo "$isa $dtype $kernel: $got instructions per element, and no budget: make budgets"
    else
        awk -v what="$isa $dtype $kernel" -v got="$got" -v budget="$budget" -v percent=$percent \
            'BEGIN { if (!(got <= budget * (1 + percent / 100)))
                printf "%s: %s instructions per element, its budget is %s + %d%%\n",
                    what, got, budget, percent }'
    fi | nothing "$isa $dtype $kernel"
    # A budget that is no longer needed guards nothing.
    awk -v what="$isa $dtype $kernel" -v got="$got" -v budget="${budget:-0}" -v percent=$percent \
        'BEGIN { if (got < budget * (1 - percent / 100))
            printf "# %s: %s instructions per element, less than its budget %s: make budgets\n",
                what, got, budget }'
done <"$scratch/found"

cut -d ' ' -f 1 "$scratch/found" | sort -u >"$scratch/isas"
while read -r isa dtype kernel _; do
    if grep -qx "$isa" "$scratch/isas" && ! grep -q "^$isa $dtype $kernel " "$scratch/found"; then
        echo "$isa $dtype $kernel: a budget, but no kernel: make budgets"
    fi
done <"$budgets" | nothing "every budget is that of a kernel"

for isa in $(cut -d ' ' -f 1 "$scratch/native" | sort -u); do
    grep -qx "$isa" "$scratch/isas" || skip "$isa" "valgrind's CPU lacks it"
done
finish
