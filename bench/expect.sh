# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2154 # scratch comes from tap.sh
# What a run of bnorm-bench is expected to do; sourced after tap.sh.

bench=bench/bnorm-bench

# ends STATUS PATTERN NAME ARGUMENT...: exit status, and a pattern that a line of
# the output (both streams) must match
ends() {
    status=$1 pattern=$2 name=$3
    shift 3
    $bench "$@" >"$scratch/out" 2>&1 </dev/null
    got=$?
    {
        [ $got = "$status" ] || echo "exit status $got, expected $status"
        grep -q -e "$pattern" "$scratch/out" || echo "no line matches '$pattern'"
    } > "$scratch/findings"
    [ ! -s "$scratch/findings" ] || tail -n 5 "$scratch/out" >> "$scratch/findings"
    nothing "$name" < "$scratch/findings"
}

# has_keys NAME KEY...: every line of $scratch/records has them
has_keys() {
    name=$1
    shift
    {
        [ -s "$scratch/records" ] || echo "no records"
        for key; do
            grep -v "\"$key\":" "$scratch/records" | sed "s/^/no $key in /"
        done
    } | nothing "$name"
}

# well_formed FILE: complaints about XML, if there is anybody to make them
well_formed() {
    if command -v xmllint >/dev/null 2>&1; then
        xmllint --noout "$1" 2>&1
    elif command -v python3 >/dev/null 2>&1; then
        python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$1" 2>&1
    fi
}
