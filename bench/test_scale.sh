#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck disable=SC2086,SC2154 # lists of words; srcdir comes from the makefile
# bnorm-bench scale.  What it measures is only checked for its arithmetic; what it
# predicts is arithmetic.
set -u
. "$srcdir/tests/tree/tap.sh"
. "$srcdir/bench/expect.sh"

# values: the records of $scratch/records as "key=value key=value", names and words too
values() { tr -d '{}"' < "$scratch/records" | sed 's/:/=/g; s/,/ /g'; }

# An awk that has the record in value[key].
# shellcheck disable=SC2016 # awk's, not the shell's
each='{ delete value
        for (i = 1; i <= NF; i++) if (split($i, pair, "=") == 2) value[pair[1]] = pair[2] }
      function differ(a, b) { return a - b > 1e-5 || b - a > 1e-5 }'

# ---- the command line ---------------------------------------------------------

ends 0 '^usage: bnorm-bench scale' "scale --help" scale --help
for list in 0 x 1,x 2,1 2,2 '' ',' 70000; do
    ends 2 "--threads" "the threads '$list'" scale --threads "$list"
done
ends 2 "exclude each other" "two kinds of scaling" scale --strong --weak
ends 2 "unknown .*'--verify'" "scale does not verify" scale --verify
ends 2 "needs --model" "a bandwidth of no model" scale --bandwidth 10,20
for list in 10 10,x 10,0 -1,10 10,20,30,40 '10,20,' there; do
    ends 2 "--bandwidth '$list'" "the bandwidth '$list'" scale --model numa:1 --bandwidth "$list"
done
ends 2 "one shape" "two pictures in one file" scale --op forward,fused --plot "$scratch/a.svg"
ends 2 "plot" "a picture of an unknown kind" scale --shape 3x4 --plot "$scratch/a.jump"
ends 2 "too many rows" "more rows than can be counted" \
    scale --weak --shape 2000000000000000000x1 --threads 1,5
ends 3 "skipped.*--max-bytes allows" "matrices beyond --max-bytes, together" \
    scale --shape 1000x100 --threads 1,2,3 --max-bytes 4M
ends 0 '^1000x100 ' "one of them alone" \
    scale --shape 1000x100 --threads 1 --max-bytes 4M --reps 1

# ---- measured -----------------------------------------------------------------

small="--shape 130x17 --reps 2 --threads 1,2,3"
ends 0 '^forward: serial fraction [0-9.e+-]* (Amdahl)$' "strong scaling" \
    scale --op forward,fused $small
grep -c '^130x17  *130  *17 ' "$scratch/out" | grep -vx 6 | nothing "a line for each of them"
grep 'PREDICTED' "$scratch/out" | nothing "what is measured is not predicted"
ends 0 '^fused: serial fraction [0-9.e+-]* (Gustafson)$' "weak scaling" scale --weak $small
for rows in 130 260 390; do
    grep "^130x17  *$rows  *17 " "$scratch/out" | grep -c . | grep -vx 1 |
        nothing "weak scaling has $rows rows"
done
ends 0 '^130x17' "one number of threads" scale --shape 130x17 --reps 1 --threads 2
grep 'serial' "$scratch/out" | nothing "no serial fraction of one number of threads"
esc=$(printf '\033')
grep "$esc" "$scratch/out" | nothing "no colours and no bar but on a terminal"
$bench scale --csv $small > "$scratch/records" 2>&1
awk -F, 'NR == 1 { fields = NF } NF != fields || NR > 1 && $1 != "scale"
         END { if (NR != 4) print NR " lines" }' "$scratch/records" | nothing "CSV records"

author="command version commit cpu isa threads binding"
problem="name op rows cols dtype layout ld"
figures="strategy team scaling predicted time_ms_median time_ms_min time_ms_spread \
    time_ms_predicted gb_s ceiling_gb_s ceiling_fraction ceiling_kernel ceiling_saved speedup \
    efficiency serial_fraction"

# The definitions, again.
laws='{ rows = value["rows"] / value["threads"]
        time = value["predicted"] == "true" ? value["time_ms_predicted"] : value["time_ms_median"] }
      NR == 1 { first = time; p1 = value["threads"] }
      { weak = value["scaling"] == "weak"; p = value["threads"] / p1
        if (differ(value["speedup"] * time / (weak ? p : 1) / first, 1)) print "speed-up: " $0
        if (differ(value["efficiency"], value["speedup"] / p)) print "efficiency: " $0
        x = weak ? p - 1 : 1 - 1 / p
        y = weak ? p - value["speedup"] : 1 / value["speedup"] - 1 / p
        xx += x * x; xy += x * y; serial = value["serial_fraction"] }
      END { if (serial != "null" && differ(serial / (xy / xx), 1) && differ(serial, xy / xx))
                print "serial fraction: " serial ", not " xy / xx }'

if $bench scale --json $small > "$scratch/records" 2> "$scratch/err"; then
    has_keys "keys of scale" $author $problem $figures
    values | awk "$each $laws"' value["threads"] != NR || value["rows"] != 130 ||
        value["predicted"] != "false" || value["time_ms_median"] < value["time_ms_min"] ||
        differ(value["gb_s"] / value["ceiling_gb_s"] / value["ceiling_fraction"], 1)
        END { if (NR != 3) print NR " records" }' | nothing "figures of strong scaling"
    $bench scale --json --weak --threads 2,3 --shape 130x17 --reps 2 > "$scratch/records"
    values | awk "$each $laws"' value["threads"] != NR + 1 || rows != 130 ||
        value["threads_least"] != 2' | nothing "figures of weak scaling, from two threads up"
else
    grep -v 'without jansson' "$scratch/err" | nothing "--json without jansson says so"
    skip "figures of scale" "built without jansson"
fi

# ---- predicted ----------------------------------------------------------------

$bench scale --model "numa:1 core:4 pu:1" > "$scratch/out" 2>&1 </dev/null
if [ $? = 3 ]; then
    grep -q 'hwloc' "$scratch/out" || cat "$scratch/out"
    skip "predictions" "no hwloc"
    finish
fi
four="numa:1 core:4 pu:1"
big="pack:2 numa:4 core:16 pu:2"
ends 2 "synthetic" "no description of a machine" scale --model "nonsense:x"
ends 2 "--threads 5: the machine of --model has 4 CPUs" "more threads than a described machine has" \
    scale --model "numa:1 core:4 pu:1" --threads 1,5
ends 0 ' PREDICTED ms ' "a prediction says so" scale --model "$four"
ends 0 '^PREDICTED, not measured' "it says what of" scale --model "$four"
ends 0 'PREDICTED speed-up 4.00 at most, first with 4 threads; 4 are bound by core$' \
    "all are busy" scale --model "$four" --bandwidth 1,1000
# Memory is as fast as two cores: S = 1, 2, 2.
most='PREDICTED speed-up 2.00 at most, first with 2 threads; 4 are bound by memory$'
ends 0 "^fused: $most" "more threads than the memory feeds" \
    scale --model "$four" --bandwidth 10,20
ends 0 ' threads spread over the nodes, ' "... which are spread" scale --model "$four"
ends 0 ' threads bound compactly, ' "... unless they are not" \
    scale --model "$four" --binding compact
ends 0 "^fused: $most" "... with more rows, too" scale --weak --model "$four" --bandwidth 10,20
grep -c '^16384x1024  *65536  *1024 .* 4  .* 2\.00  *50  *memory ' "$scratch/out" | grep -vx 1 |
    nothing "four threads share the memory"
# Two logical CPUs are one core.
ends 0 ' 4  .* 1\.00  *25  *core ' "cores count, not their CPUs" \
    scale --model "numa:1 core:1 pu:4" --bandwidth 10,100
# Forward reads twice, or keeps what it has read: 3 x 268 MB at 1 GB/s, or 2.
ends 0 ' stream  *1  *805\.3 ' "the time of a stream" \
    scale --op forward --strategy stream --model "$four" --bandwidth 1,100 --threads 1
ends 0 ' resident  *1  *536\.9 ' "the time of resident blocks" \
    scale --op forward --strategy resident --model "$four" --bandwidth 1,100 --threads 1
# Each node's pages are its own, but for one that two nodes share.
ends 0 ' 3  .*  link ' "remote bytes take the link" \
    scale --model "numa:2 core:4 pu:1" --shape 100x1000 --threads 1,3 --bandwidth 100,1000,0.01
# 4 leaves for 3 threads: one has two of them.
ends 0 ' 3  .* 50\.0  *[0-9.]*$' "an uneven partition" \
    scale --model "numa:2 core:4 pu:1" --shape 256x1024 --threads 1,3
ends 0 '(ceilings of this machine' "with the ceilings of this machine" \
    scale --model "$four" --bandwidth here --shape 1000x64 --reps 1
for layout in rows panels panels8; do
    for kind in strong weak; do
        $bench scale --csv --$kind --model "$big" --layout $layout > "$scratch/records" 2>&1
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i; next }
            { time = $column["time_ms_predicted"]; speedup = $column["speedup"] + 0 }
            $column["predicted"] != "true" || $column["time_ms_median"] != "" { print }
            $column["scaling"] == "strong" && NR > 2 && time > before + 0 { print "slower: " $0 }
            speedup < best || speedup > $column["threads"] * 1.0001 { print "speed-up: " $0 }
            { before = time; best = speedup }
            END { if (NR != 10 || best < 32) print NR " lines, speed-up " best }' \
            "$scratch/records" | nothing "more threads are never slower, $kind, $layout"
    done
done
if $bench scale --json --model "$big" > "$scratch/records" 2>/dev/null; then
    has_keys "keys of predictions" $author $problem $figures bound_by imbalance remote_bytes
    grep -v '"binding":"spread",.*"serial_fraction":null' "$scratch/records" |
        nothing "a model has spread threads, and no law is fitted to it"
    values | awk "$each $laws"' value["predicted"] != "true" || value["time_ms_median"] != "null" ||
        value["ceiling_fraction"] != "null"' | nothing "figures of predictions"
    if command -v python3 >/dev/null 2>&1; then
        python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' \
            < "$scratch/records" 2>&1 | nothing "records of scale are JSON"
    fi
fi
ends 0 'PREDICTED' "a picture" scale --model "$big" --plot "$scratch/a.svg"
if [ -e "$scratch/a.svg" ]; then
    well_formed "$scratch/a.svg" | nothing "it is XML"
    grep -c 'PREDICTED' "$scratch/a.svg" | grep -x 0 | nothing "it says that it is predicted"
else
    grep -c 'PREDICTED' "$scratch/a.svg.gp" 2>&1 | grep -vx '[1-9]' |
        nothing "its script says that it is predicted"
fi
finish
