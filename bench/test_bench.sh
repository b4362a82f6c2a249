#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# shellcheck disable=SC2086,SC2154 # lists of words; srcdir comes from the makefile
# bnorm-bench as its users meet it: exit statuses, complaints, records, input files.
# Nothing here looks at a time.
set -u
. "$srcdir/tests/tree/tap.sh"
. "$srcdir/bench/expect.sh"

small="--threads 1 --reps 1"

# ---- the command line ---------------------------------------------------------

ends 2 '^usage:' "no command"
ends 0 '^usage:' "help" --help
ends 0 '^bnorm-bench [0-9]' "version" --version
ends 2 "unknown command 'jump'; see bnorm-bench --help$" "an unknown command" jump
ends 2 "unknown command 'rum'; nearest is run; see" "a misspelt command" rum
for command in run verify sweep compare roofline topo pack tune; do
    ends 0 "^usage: bnorm-bench $command" "$command --help" $command --help
    ends 0 "^usage: bnorm-bench $command" "$command -h" $command -h
done
for command in run verify sweep compare scale roofline topo pack tune; do
    $bench $command --help | sed -n '/^  --/,$p' > "$scratch/help"
    {
        [ -s "$scratch/help" ] || echo "no options"
        sed 's/roofline --save//; s/lstopo --of//' "$scratch/help" | grep -o -e '--[a-z][a-z-]*' |
            sort -u | while read -r option; do
            grep -q "^  $option " "$scratch/help" || echo "$option is not among its options"
        done
        for other in verify scale roofline topo pack tune; do
            grep -v 'roofline --save' "$scratch/help" | grep "[ (]$other[ :]"
        done
    } | nothing "$command --help tells of its own options only"
done
ends 2 "unknown .*'--jump'" "an unknown option" run --jump
ends 2 "unknown option '--shpae'; nearest is --shape;" "a misspelt option" run --shpae 3x4
ends 2 "unknown option '--maxbytes=1K'; nearest is --max-bytes;" "... with its value" \
    run --maxbytes=1K
ends 2 "unknown option '--jump'; see" "nothing is near to it" run --jump
ends 2 "unknown option '-x'" "an unknown letter" run --json -xj
ends 2 "ambiguous option '--s=3': --shape, --strategy, --seed$" "an ambiguous option" run --s=3
ends 2 "'--js=3': --json takes no value" "a value too many" run --js=3
ends 2 "'--peer'" "an option of another command" run --peer textbook
ends 2 "expects a value" "an option without its value" run --shape
ends 2 "'stray'" "an argument too many" run stray
ends 2 "--op 'jump'" "an unknown operation" run --op forward,jump
ends 2 "--op ''" "no operation between two commas" run --op forward,,fused
ends 2 "--shape ''" "no shape behind a comma" run --shape 3x4,
ends 2 "--threads ''" "no number before a comma" scale --threads ,2
for shape in 3by4 0x3 3x 3x4x5 -1x2 99999999999999999999x1 ''; do
    ends 2 "--shape" "the shape '$shape'" run --shape "$shape"
done
ends 2 "--dtype 'f8'" "an unknown type" run --dtype f8
ends 2 "--strategy 'jump'" "an unknown strategy" run --strategy jump
ends 2 "--layout 'jump'" "an unknown layout" run --layout jump
ends 2 "--binding 'jump'" "an unknown binding" run --binding jump
ends 2 "--loss 'jump'" "an unknown loss" run --loss jump
ends 2 "--peer 'jump'" "an unknown peer" compare --peer jump
ends 2 "--isa 'jump': expected one of: .*generic" "an unknown ISA" run --shape 3x4 --isa jump
ends 2 ': rows is 9[0-9]*; expected' "rows beyond all addresses, in the user's words" \
    topo --shape 99999999999x99999999999
ends 2 "'2,4': run takes one number .* scale and roofline" "a list of threads" run --threads 2,4
ends 2 "--threads '0'" "no threads" run --threads 0
ends 2 "--reps 'many'" "reps that are no number" run --reps many
for size in 3X 1k 1KB 0 0.5 -1 8388609T 1e400 inf nan ''; do
    ends 2 "--max-bytes '$size': expected bytes, from 1 to 8388608T; K, M, G or T .* 1024$" \
        "the size '$size'" run --max-bytes "$size"
done
ends 2 "exclude each other" "two styles at once" run --json --csv
ends 2 "need --input" "labels of no input" run --labels label
ends 2 "whole rows" "softmax block by block" run --op step --loss softmax
ends 3 "skipped: .* needs 1\.5[0-9]* MiB, --max-bytes allows 1 KiB" "a problem beyond --max-bytes" \
    run --shape 1000x100 --max-bytes 1K
ends 3 "skipped.*memory available" "a problem beyond the machine" run --shape 100000000x1000000
ends 2 "'--shape'" "sweep has its shapes from a file" sweep --shape 3x4

# ---- shapes -------------------------------------------------------------------

printf '# a comment\n\nfirst 65 7 2 # another\nhuge 100000000 1000\nlast\t64 16\n' \
    > "$scratch/shapes"
ends 0 '^huge skipped\|: huge skipped' "sweep skips what is too large" \
    sweep "$scratch/shapes" --max-bytes 1M $small
grep -c '^first .* 65 \|^last .* 64 ' "$scratch/out" | grep -vx 2 |
    nothing "sweep runs the others"
ends 2 "expected a file" "sweep without a file" sweep
ends 2 "No such file" "sweep with a file that is not there" sweep "$scratch/absent"
for line in 'short 3' 'many 3 4 5 6' 'zero 0 4' 'word three 4' 'weight 3 4 -1'; do
    printf 'good 3 4\n%s\n' "$line" > "$scratch/shapes"
    ends 2 "shapes:2: expected" "the line '$line' in a file of shapes" sweep "$scratch/shapes"
done
echo '# nothing' > "$scratch/shapes"
ends 2 "no shapes" "a file without shapes" sweep "$scratch/shapes"

# ---- input files --------------------------------------------------------------

printf 'a,"b", c\r\n1,2,0\r\n3,5.5,1\r\n-2e1,7,1\r\n\r\n' > "$scratch/good.csv"
ends 0 '^good  *3  *2 .* yes ' "a CSV file with labels" \
    run --input "$scratch/good.csv" --labels c --loss squared --verify $small
ends 0 '^good  *3  *3 .* yes ' "a CSV file without labels" \
    run --input "$scratch/good.csv" --verify $small
verify="verify --dtype f32 --op fused --threads 1 --strategy stream"
$bench $verify --input "$scratch/good.csv" --labels c --loss softmax > "$scratch/by_name"
$bench $verify --input "$scratch/good.csv" --labels 3 --loss softmax > "$scratch/by_number"
$bench $verify --input "$scratch/good.csv" --labels 1 > "$scratch/another"
{
    grep -q '^good .* yes  *yes ' "$scratch/by_name" || echo "not verified"
    diff "$scratch/by_name" "$scratch/by_number" 2>&1
} | nothing "labels by name and by number"
if cmp "$scratch/by_name" "$scratch/another" >/dev/null; then echo "the same output"; fi |
    nothing "another column of labels is another matrix"

ends 2 "absent.csv: No such file" "a CSV file that is not there" run --input "$scratch/absent.csv"
$bench run --input "$scratch/good.csv" --input "$scratch/absent.csv" $small 2>/dev/null |
    nothing "nothing is run before all files are there"
ends 2 "no column 'd'" "labels in no column" run --input "$scratch/good.csv" --labels d
ends 2 "no column '4'" "labels beyond the last column" run --input "$scratch/good.csv" --labels 4
ends 2 "label 2 of row 1" "labels that are no classes" \
    run --input "$scratch/good.csv" --labels b --loss softmax
ends 2 "needs --labels" "a loss without labels" run --input "$scratch/good.csv" --loss squared
printf 'a,b\n1,2\n3\n' > "$scratch/bad.csv"
ends 2 'bad.csv:3: 1 fields, expected 2' "a short line" run --input "$scratch/bad.csv"
printf 'a,b\n1,2\n3,x4\n' > "$scratch/bad.csv"
ends 2 "bad.csv:3: field 2, 'x4', is not a number" "a word among numbers" \
    run --input "$scratch/bad.csv"
printf '1,2\n3,\n' > "$scratch/bad.csv"
ends 2 "bad.csv:2: field 2, '', is not a number" "an empty field" run --input "$scratch/bad.csv"
printf 'a,b\n' > "$scratch/bad.csv"
ends 2 "no rows" "a CSV file of names only" run --input "$scratch/bad.csv"

head -c 96 /dev/zero > "$scratch/zeros.raw" # 3 x 8 float32, 3 x 4 float64
ends 0 '^zeros  *3  *8  *f32 .* yes ' "a raw file" \
    run --input "$scratch/zeros.raw" --shape 3x8 --verify $small
ends 0 '^zeros  *3  *4  *f64 .* yes ' "a raw file of doubles" \
    run --input "$scratch/zeros.raw" --shape 3x4 --dtype f64 --verify $small
ends 2 "ends before" "a raw file that is too short" run --input "$scratch/zeros.raw" --shape 4x8
ends 2 "goes on after" "a raw file that is too long" run --input "$scratch/zeros.raw" --shape 2x8
ends 2 "needs --shape" "a raw file without a shape" run --input "$scratch/zeros.raw"
ends 2 "--shape is of raw files; .*good.csv has its own" "a shape for a CSV file" \
    run --input "$scratch/good.csv" --shape 3x3
cp "$scratch/zeros.raw" "$scratch/zeros"
ends 2 "say --format" "a file of unknown format" run --input "$scratch/zeros" --shape 3x8
ends 0 '^zeros ' "--format goes before the ending" \
    run --input "$scratch/zeros" --shape 3x8 --format raw $small

# x (5 x 3 of float32) and t (5 of int32), the same as in this CSV file.
printf '0,1,4,0\n2,2,4,1\n1,0,1,2\n4,2,2,1\n4,1,0,0\n' > "$scratch/test_input.csv"
h5=$top/bench/test_input.h5
if $bench $verify --input "$h5" --dataset x --labels t > "$scratch/by_hdf5" 2>&1; then
    $bench $verify --input "$scratch/test_input.csv" --labels 4 > "$scratch/by_csv"
    diff "$scratch/by_hdf5" "$scratch/by_csv" | nothing "an HDF5 file"
    ends 2 "needs --dataset" "an HDF5 file without a dataset" run --input "$h5"
    ends 2 "no dataset 'y'" "a dataset that is not there" run --input "$h5" --dataset y
    ends 2 "not 2 dim" "a dataset that is no matrix" run --input "$h5" --dataset t
    ends 2 "no HDF5 file" "a file that is not HDF5" \
        run --input "$scratch/good.csv" --format hdf5 --dataset x
else
    grep -v 'without HDF5' "$scratch/by_hdf5" | nothing "an HDF5 file without HDF5"
    ends 3 "without HDF5" "its exit status" run --input "$h5" --dataset x
fi

# ---- what is printed ----------------------------------------------------------

$bench run --op forward,step --shape 65x7 --csv --verify $small > "$scratch/records" 2>&1
awk -F, 'NR == 1 { fields = NF } NF != fields || NR == 2 && $8 != "65x7"
         END { if (NR != 3) print NR " lines" }' "$scratch/records" | nothing "CSV records"
ends 0 '^65x7 step: .*an estimate takes [0-9.]* us)$' "how long planning takes" \
    run --op fused,infer,step --shape 65x7 $small
grep -c '^65x7 \(fused\|step\): [a-z]*, estimated: [0-9.]* KiB of a block' "$scratch/out" |
    grep -vx 2 | nothing "why a strategy was chosen"
grep -c '^65x7 infer: [a-z]*, estimated: one pass (' "$scratch/out" | grep -vx 1 |
    nothing "... of each operation"
ends 0 'not asked' "what is not verified does not say so" run --shape 65x7 $small
if [ -c /dev/full ]; then
    {
        $bench run --json --shape 65x7 $small 2>&1 > /dev/full
        echo "exit status $?"
    } | grep -vx "exit status 3\|bnorm-bench: the output can't be written" |
        nothing "a full disk is no success"
fi
esc=$(printf '\033')
grep "$esc" "$scratch/out" | nothing "no colours but on a terminal"

for command in run compare; do # 3 threads, and work for one
    ends 0 ' fused  *\(small  *\)*[a-z0-9]*  *1  ' "the table of $command has the plan's threads" \
        $command --op fused --shape 3x4 --threads 3 --reps 1
    if $bench $command --op fused --shape 3x4 --threads 3 --reps 1 --json > "$scratch/all" \
        2>/dev/null; then
        grep -v 'geomean\|"threads":3,.*"team":1[,}]' "$scratch/all" |
            nothing "... and its record those of the context, too"
    fi
done

author="command version commit cpu isa threads binding"
problem="name op rows cols dtype layout ld"
if $bench run --json --shape 65x7 --verify $small > "$scratch/records" 2> "$scratch/err"; then
    times="strategy time_ms_median time_ms_min gb_s ceiling_gb_s ceiling_fraction \
        bound_fraction reason plan_us verified max_error team doubtful"
    ratios="peer peer_version peer_layout peer_kernel time_ms peer_time_ms peer_gb_s ratio \
        ratio_min ratio_max bound bound_fraction bound_saved team doubtful"
    has_keys "keys of run" $author $problem $times
    grep -v '"plan_us":[0-9.]*[1-9]' "$scratch/records" | nothing "plans take time"
    grep -v '"verified":true' "$scratch/records" | nothing "run says that it is verified"
    $bench run --json --shape 65x7 $small > "$scratch/records"
    grep -v '"verified":null,"max_error":null' "$scratch/records" |
        nothing "without --verify nothing is claimed"
    $bench verify --json --shape 65x7 --threads 1 > "$scratch/records"
    has_keys "keys of verify" $author $problem strategy verified max_error same_bits
    grep -v '"layout":"rows",.*"layouts":"rows panels16 panels8"' "$scratch/records" |
        nothing "verify compares all layouts"
    $bench verify --json --shape 65x7 --threads 1 --layout panels8 > "$scratch/records"
    grep -v '"layout":"panels8",.*"layouts":"rows panels8"' "$scratch/records" |
        nothing "verify compares a layout with rows"
    $bench run --json --shape 65x17 --layout panels --binding compact $small > "$scratch/records"
    grep -v '"binding":"compact",.*"layout":"panels16","ld":[0-9]' "$scratch/records" |
        nothing "records tell of layout and binding"
    printf 'one 65 7\ntwo 64 16 3\n' > "$scratch/shapes"
    $bench sweep --json "$scratch/shapes" --threads 1 --reps 5 > "$scratch/all"
    grep -v geomean "$scratch/all" > "$scratch/records"
    has_keys "keys of sweep" $author $problem $times
    grep -c . "$scratch/all" | grep -vx 3 | nothing "sweep: a record per shape and a summary"
    tr -d '{}"' < "$scratch/all" | awk -F, '
        { for (i = 1; i <= NF; i++) if (split($i, pair, ":") == 2) value[pair[1]] = pair[2] }
        function differ(a, b) { return a - b > 1e-5 * b || b - a > 1e-5 * b }
        NR <= 2 {
            weight = NR == 1 ? 1 : 3
            sum += weight * log(value["ceiling_fraction"])
            ms += weight * value["time_ms_median"]
            if (differ(value["gb_s"] / value["ceiling_gb_s"], value["ceiling_fraction"]))
                print "gb_s, ceiling_gb_s and ceiling_fraction do not agree"
            bytes = 4 * 4 * value["rows"] * value["cols"] # fused: 2R + 2W of float32
            if (differ(bytes / 1e6 / value["time_ms_median"], value["gb_s"]))
                print "gb_s and time_ms_median do not agree"
            if ((value["time_ms_median"] > 1.5 * value["time_ms_min"]) != (value["doubtful"] == "true"))
                print "doubtful: " value["doubtful"]
        }
        END {
            if (differ(exp(sum / 4), value["geomean"])) print "geomean is not weighted"
            if (differ(ms, value["time_ms_total"])) print "time_ms_total is not weighted"
        }' | nothing "figures of sweep agree with each other"
    $bench compare --json --op forward,fused --shape 65x7,64x16 $small > "$scratch/all"
    grep -v geomean "$scratch/all" > "$scratch/records"
    has_keys "keys of compare" $author $problem $ratios
    grep -c . "$scratch/records" | grep -vx 4 |
        nothing "compare: a record per shape and operation"
    tr -d '{}"' < "$scratch/all" | awk -F, '
        { for (i = 1; i <= NF; i++) if (split($i, pair, ":") == 2) value[pair[1]] = pair[2] }
        /geomean/ { if (value["geomean"] / exp(sum[value["op"]] / 2) - 1 > 1e-5 ||
                        value["geomean"] / exp(sum[value["op"]] / 2) - 1 < -1e-5)
                        print "geomean of " value["op"]; next }
        value["ratio_min"] > value["ratio"] || value["ratio"] > value["ratio_max"] {
            print "ratio is not between least and most" }
        value["bound"] * value["bound_fraction"] / value["ratio"] - 1 > 1e-5 ||
        value["bound"] * value["bound_fraction"] / value["ratio"] - 1 < -1e-5 {
            print "ratio, bound and bound_fraction do not agree" }
        { sum[value["op"]] += log(value["ratio"]) }' |
        nothing "figures of compare agree with each other"
    grep geomean "$scratch/all" > "$scratch/records"
    has_keys "keys of compare's summary" $author op dtype layout peer geomean doubtful \
        interrupted
    grep -c . "$scratch/records" | grep -vx 2 | nothing "compare: a summary per operation"
    $bench pack --json --shape 65x17,3x4 $small > "$scratch/records"
    has_keys "keys of pack" $author $problem time_ms_median time_ms_min time_ms_max ceiling_ms \
        gb_s ceiling_fraction ceiling_kernel
    grep -c . "$scratch/records" | grep -vx 8 |
        nothing "pack: a record per shape, panels and direction"
    $bench tune --json --shape 65x17,3x4 --time-limit 0.01 $small > "$scratch/all"
    grep -v geomean "$scratch/all" > "$scratch/records"
    has_keys "keys of tune" $author $problem strategy strategy_threads row_groups col_blocks \
        nontemporal estimate_strategy estimate_threads estimate_row_groups estimate_col_blocks \
        estimate_nontemporal time_ms estimate_time_ms measured same_plan ratio ratio_min ratio_max \
        doubtful reduce_ahead apply_ahead lag estimate_reduce_ahead estimate_apply_ahead estimate_lag
    grep -c . "$scratch/records" | grep -vx 6 |
        nothing "tune: a record per shape and operation"
    $bench compare --json --op fused --shape 65x17 --layout panels8 $small > "$scratch/records"
    grep -v '"layout":"panels8",.*"peer_layout":"rows"' "$scratch/records" |
        nothing "compare: the peer has rows"
else
    grep -v 'without jansson' "$scratch/err" | nothing "--json without jansson says so"
    skip "keys of the records" "built without jansson"
fi

# ---- every operation, type and loss, verified ----------------------------------

for dtype in f32 f64; do
    ends 0 'fused' "all operations, $dtype" run --op forward,backward,fused,step,infer \
        --shape 129x17 --dtype $dtype --verify $small
    grep -c ' yes ' "$scratch/out" | grep -vx 5 | nothing "all operations, $dtype, are verified"
    for loss in softmax squared logistic; do
        ends 0 ' yes ' "$loss, $dtype" run --op fused --shape 129x17 --loss $loss --dtype $dtype \
            --verify $small
    done
done
ends 0 ' all .* yes  *yes ' "verify over teams, ISAs and layouts" \
    verify --shape 1x1,65x17 --op forward,step
for layout in panels panels8; do
    ends 0 'fused' "all operations in $layout" run --op forward,backward,fused,step,infer \
        --shape 129x17 --layout $layout --verify $small
    grep -c ' yes ' "$scratch/out" | grep -vx 5 | nothing "all operations in $layout are verified"
    ends 0 ' yes ' "the gradient of a loss in $layout" run --op fused,step --loss logistic \
        --shape 129x17 --layout $layout --dtype f64 --verify $small
    # step comes first: the peer writes the dy that the others are given
    ends 0 '^infer: ' "a peer against $layout" compare --op step,backward,fused,infer \
        --shape 129x17 --layout $layout $small
done
ends 0 '^65x17 .* panels8 .* unpack ' "copies between rows and panels" pack --shape 65x17 $small
ends 2 "expected panels" "no copies between rows and rows" pack --layout rows
ends 2 "'--op'" "no operations of pack" pack --op forward

# ---- wisdom --------------------------------------------------------------------

wisdom="--wisdom $scratch/wisdom --time-limit 0.02"
ends 0 '^fused: .* as fast as estimated' "tune" tune --op fused,step --shape 65x17,300x40 $wisdom \
    $small
grep -c "^bnorm-bench: --wisdom $scratch/wisdom: no such file yet;" "$scratch/out" | grep -vx 1 |
    nothing "a new file of wisdom is announced"
lines() { grep -c "^$1" "$scratch/wisdom" | grep -vx "$2"; }
lines forward_backward 2 | nothing "wisdom of every shape is kept"
lines step 2 | nothing "wisdom of every operation is kept"
cp "$scratch/wisdom" "$scratch/wisdom.before"
ends 0 ' yes ' "run with wisdom" run --op fused,step --shape 300x40 --verify $wisdom $small
grep -c '^300x40 [a-z]*: [a-z]*, measured' "$scratch/out" | grep -vx 2 |
    nothing "wisdom is the reason then"
cmp "$scratch/wisdom" "$scratch/wisdom.before" 2>&1 | nothing "what is known is not measured again"
ends 0 ' yes ' "wisdom grows" run --op infer --shape 300x40 --layout panels --verify $wisdom $small
lines 'infer 300 x 40 f32 stats f32 panel 16' 1 | nothing "wisdom tells layouts apart"
echo "s 65 17" > "$scratch/shapes"
for command in sweep compare tune; do
    ends 0 '65  *17' "$command with wisdom" $command "$scratch/shapes" --op fused $wisdom $small
done
rm "$scratch/wisdom"
ends 0 '  same plan  .*  1\.000  1\.000  1\.000$' "tune that has no time chooses the estimate" \
    tune --op fused --shape 65x17 --wisdom "$scratch/wisdom" --time-limit 0 $small
sed -i 's/: resident /: stream /' "$scratch/wisdom"
ends 0 '  resident, 1 .*  stream, 1 ' "... which was another one when the wisdom was found" \
    tune --op fused --shape 65x17 --wisdom "$scratch/wisdom" --time-limit 0 $small
# A team of 64 for nothing: on any machine of fewer CPUs far slower than the estimate.
idle="tune --op fused --shape 4096x1 --wisdom $scratch/idle --time-limit 0 --threads 64 --reps 1"
$bench $idle >/dev/null 2>&1
sed -i 's/: small threads 1 /: resident threads 64 /' "$scratch/idle"
$bench $idle > "$scratch/out" 2> "$scratch/err"
sed -n 's/.* \([0-9.]*\)\( (doubtful)\)*  [0-9.]*  [0-9.]*$/\1\2/p' "$scratch/out" |
    awk -v warned="$(grep -c "is doubtful .* busy; remove $scratch/idle and tune" "$scratch/err")" '
        { if (($1 > 3 || $1 < 1 / 3) != / \(doubtful\)/ || warned != / \(doubtful\)/) print }
        END { if (NR != 1) print NR " lines" }' |
    nothing "a gain that no quiet machine has is called doubtful"
if $bench $idle --json > "$scratch/records" 2>/dev/null; then
    grep -v geomean "$scratch/records" | tr -d '{}"' | tr , '\n' | awk -F: '
        { value[$1] = $2 }
        END { if ((value["ratio"] > 3 || value["ratio"] < 1 / 3) != (value["doubtful"] == "true"))
                  print "doubtful: " value["doubtful"] " at " value["ratio"] }' |
        nothing "... and so it is in JSON"
fi
ends 3 'from another machine' "wisdom for another team" \
    run --shape 65x17 $wisdom --threads 2 --reps 1
echo nonsense >> "$scratch/wisdom"
ends 2 'line [0-9]*: expected' "wisdom that is none" run --shape 65x17 $wisdom $small
ends 2 "--time-limit '1s'" "a time that is none" tune --time-limit 1s
ends 2 "--time-limit '-1'" "a time before now" tune --time-limit -1
ends 2 "'--wisdom'" "topo measures nothing" topo --wisdom "$scratch/wisdom"

# ---- interrupted ------------------------------------------------------------------

# More problems than are done in that time, and the first within it.
shapes=$(awk 'BEGIN { for (i = 1; i < 3000; i++) printf "%dx4,", i; print "3x4" }')
$bench run --op fused --shape "$shapes" --reps 3 > "$scratch/out" 2> "$scratch/err" </dev/null &
pid=$!
sleep 5
kill -TERM $pid
wait $pid
status=$?
{
    [ $status = 143 ] || echo "exit status $status"
    grep -q '^interrupted: what is finished follows' "$scratch/err" || cat "$scratch/err"
    grep -q '^interrupted: the rest is missing' "$scratch/out" || echo "looks complete"
    awk '$1 ~ /^[0-9]+x4$/ && $2 * 4 == $2 * $3 && $6 == "fused" { rows++ }
         END { if (rows < 1 || rows > 2999) print rows + 0 " rows" }' "$scratch/out"
} | nothing "interrupted, it prints what is finished, and ends by the signal"
$bench verify --shape 65536x256 > "$scratch/out" 2>/dev/null </dev/null &
pid=$!
sleep 2
kill -TERM $pid
wait $pid
echo "exit status $?" >> "$scratch/out"
grep -v '^exit status 143' "$scratch/out" | grep '65536' |
    nothing "interrupted, it calls nothing verified that is not"

# ---- files that can't be read or written -----------------------------------------

mkdir "$scratch/folder.svg"
for place in "$scratch/folder.svg:Is a dir" \
    "$scratch/absent/a.svg:its folder $scratch/absent/: No such file"; do
    file=${place%%:*}
    for what in "run --wisdom" "tune --wisdom" "topo --plot" "scale --plot" "compare --plot" \
        "roofline --plot" "roofline --save"; do
        $bench $what "$file" --shape 3x4 > "$scratch/out" 2> "$scratch/err" </dev/null
        status=$?
        grep -q 'without jansson' "$scratch/err" || {
            [ $status = 2 ] || echo "exit status $status"
            grep -q "^bnorm-bench: --[a-z]* $file: ${place#*:}" "$scratch/err" || cat "$scratch/err"
            cat "$scratch/out"
        } | nothing "$what, ${place##*:}...: told before anything is done"
    done
    for what in "run --format csv --input" "run --ceilings" sweep; do
        $bench $what "$file" > "$scratch/out" 2>&1 </dev/null
        status=$?
        grep -q 'without jansson' "$scratch/out" || {
            [ $status = 2 ] || echo "exit status $status"
            grep -q "$file:.*${place##*:}" "$scratch/out" || cat "$scratch/out"
        } | nothing "$what, ${place##*:}..."
    done
done

for binding in inherit spread compact; do
    ends 0 ' yes ' "binding: $binding" run --shape 129x17 --binding $binding --verify --reps 1
done

# ---- peers ----------------------------------------------------------------------

# peer NAME PHRASE: results agree with bnorm's on odd and even shapes, or PHRASE says why not
peer() {
    $bench compare --peer $1 --op infer --shape 65x7 $small > "$scratch/out" 2>&1 </dev/null
    status=$?
    if [ $status = 3 ] && grep -q "$2" "$scratch/out"; then
        skip "peer $1" "$(grep "$2" "$scratch/out" | head -n 1)"
        return
    fi
    for layout in rows panels; do
        ends 0 '^infer: ' "peer $1 finds the same as $layout" \
            compare --peer $1 --op forward,backward,fused,infer --layout $layout \
            --shape 65x7,67x17,129x64,300x100 --threads 2 --reps 1
        grep -c "  $1 " "$scratch/out" | grep -vx 16 | nothing "peer $1, $layout: all rows"
    done
    ends 3 "step" "peer $1 has no step" compare --peer $1 --op step --shape 65x7 $small
    ends 3 "matrices of $1" "peer $1 within --max-bytes" \
        compare --peer $1 --op forward --shape 64x64 --max-bytes 80K $small
}

peer onednn 'without oneDNN\|not run on OpenMP'
peer onednn-best 'without oneDNN\|not run on OpenMP'
peer torch 'needs a python3\|python3:'
mkdir "$scratch/bin"
printf '#!/bin/sh\necho torch 0\nread order\necho error no more\n' > "$scratch/bin/python3"
chmod +x "$scratch/bin/python3"
(
    PATH=$scratch/bin:$PATH
    ends 3 "torch: no more" "what python3 complains of is told" \
        compare --peer torch --shape 65x7 $small
    printf '#!/bin/sh\nexit 0\n' > "$scratch/bin/python3"
    ends 3 "python3 has ended" "a python3 that ends is no hang" \
        compare --peer torch --shape 65x7 $small
)

if command -v gnuplot >/dev/null 2>&1; then
    ends 0 'wrote .*ratios.svg$' "compare draws ratios" compare --shape 65x7,64x16 $small \
        --plot "$scratch/ratios.svg"
    {
        grep -q '<svg' "$scratch/ratios.svg" || echo "no picture"
        for text in 65x7 64x16 forward backward fused 'bound (.*)'; do
            grep -q ">$text<" "$scratch/ratios.svg" || echo "no $text in it"
        done
    } | nothing "its picture"
else
    skip "compare draws ratios" "no gnuplot"
fi
ends 2 "svg or .png" "a picture of unknown kind" compare --plot "$scratch/ratios.gif"

# ---- topo -----------------------------------------------------------------------

ends 0 '^remote bytes: 0 of 268 MB$' "topo of this machine" topo --plot "$scratch/here.svg"
grep -c 'wrote .*here.svg$' "$scratch/out" | grep -vx 1 | nothing "it tells where its picture is"
well_formed "$scratch/here.svg" | nothing "its picture is XML"
ends 2 "expected a file that ends in .svg" "topo draws SVG only" topo --plot "$scratch/here.png"
ends 2 "No such file" "a picture in no folder" topo --plot "$scratch/absent/here.svg"
ends 2 "one shape" "two pictures in one file" topo --shape 3x4,4x3 --plot "$scratch/here.svg"
ends 2 "exclude each other" "two machines at once" topo --synthetic numa:2 --xml "$scratch/xml"
ends 2 "'--synthetic'" "no run on another machine" run --synthetic numa:2

big="pack:2 numa:4 core:16 pu:2"
$bench topo --synthetic "$big" > "$scratch/out" 2>&1 </dev/null
if [ $? = 3 ]; then
    grep -q 'hwloc' "$scratch/out" || cat "$scratch/out"
    skip "topo of other machines" "no hwloc"
else
    ends 2 "synthetic" "no description of a machine" topo --synthetic "nonsense:x"
    ends 2 "xml" "an XML file that is not there" topo --xml "$scratch/absent.xml"
    for layout in rows panels panels8; do
        ends 0 '^remote bytes: 0 of 2147 MB$' "no remote bytes in $layout" \
            topo --synthetic "$big" --shape 1048576x512 --layout $layout --plot "$scratch/big.svg"
        grep -c '^  node [0-7]: 16 cores x 2, CPUs [0-9]*-[0-9]*, threads [0-9]*-[0-9]*' \
            "$scratch/out" | grep -vx 8 | nothing "all nodes and threads, $layout"
        { # the first two lines name the program and the machine
            sed 1,2d "$scratch/out" | awk 'length($0) > 100'
            awk 'END { if (NR > 60) print NR " lines" }' "$scratch/out"
        } | nothing "256 CPUs fit on a page, $layout"
        {
            well_formed "$scratch/big.svg"
            for part in '<title' '<desc' 'role="img"' '>node 7, threads 224-255<'; do
                grep -qF "$part" "$scratch/big.svg" || echo "no $part"
            done
            grep -n 'href\|<image\|<script\|@import' "$scratch/big.svg"
        } | nothing "its picture, $layout"
        # Where nodes meet, 7 times, they share one page at most.
        for shape in 1000003x513 100000x3; do
            $bench topo --synthetic "$big" --shape $shape --layout $layout |
                awk -v page="$(getconf PAGESIZE)" '
                     /^remote bytes:/ { seen = 1; if ($3 > 7 * page) print }
                     END { if (!seen) print "no totals" }' |
                nothing "at most one page where nodes meet, $shape $layout"
        done
    done
    ends 0 '^9 threads take turns on 8 CPUs$' "more threads than CPUs" \
        topo --synthetic "numa:2 core:4 pu:1" --threads 9
    $bench topo --synthetic "numa:2 core:4 pu:1" --threads 8 | grep 'take turns' |
        nothing "as many threads as CPUs"
    ends 0 '^\.\.\.$' "64 nodes are not all shown" topo --synthetic "numa:64 pu:4" \
        --shape 1000003x513 --plot "$scratch/big.svg"
    well_formed "$scratch/big.svg" | nothing "their picture"
    ends 0 'threads 0; 1 idle' "threads that have nothing to do" \
        topo --synthetic "numa:1 pu:2" --shape 3x4
    lstopo=$(command -v lstopo-no-graphics || command -v lstopo)
    if [ "$lstopo" ] && "$lstopo" --input "$big" --of xml "$scratch/big.xml" >/dev/null 2>&1; then
        $bench topo --xml "$scratch/big.xml" 2>&1 | sed 1d > "$scratch/by_xml"
        $bench topo --synthetic "$big" 2>&1 | sed 1d | diff - "$scratch/by_xml" |
            nothing "the same machine as an XML file"
    else
        skip "the same machine as an XML file" "no lstopo"
    fi
    if $bench topo --json --synthetic "$big" --shape 1048576x512 > "$scratch/all" 2>&1; then
        owned="blocks bytes local_bytes remote_bytes"
        cp "$scratch/all" "$scratch/records"
        has_keys "keys of topo" $author record $problem
        grep '"record":"thread"' "$scratch/all" > "$scratch/records"
        has_keys "keys of threads" thread os_cpu node row_begin row_end col_begin col_end $owned
        grep '"record":"node"' "$scratch/all" > "$scratch/records"
        has_keys "keys of nodes" node os_node node_threads row_begin row_end $owned
        tr -d '{}"' < "$scratch/all" | awk -F, '
            {
                delete value
                for (i = 1; i <= NF; i++) if (split($i, pair, ":") == 2) value[pair[1]] = pair[2]
                kind = value["record"]
                count[kind]++
                bytes[kind] += value["bytes"]
                if (value["local_bytes"] + value["remote_bytes"] != value["bytes"])
                    print "local and remote are not all: " $0
            }
            END {
                if (count["machine"] != 1 || count["node"] != 8 || count["thread"] != 256 ||
                    count["totals"] != 1)
                    print "records are missing"
                if (bytes["node"] != 2147483648 || bytes["thread"] != 2147483648 ||
                    bytes["totals"] != 2147483648)
                    print "bytes: " bytes["node"] " " bytes["thread"] " " bytes["totals"]
            }' | nothing "bytes of threads and nodes are the matrix"
        if command -v python3 >/dev/null 2>&1; then
            python3 -c 'import json, sys; [json.loads(line) for line in sys.stdin]' \
                < "$scratch/all" 2>&1 | nothing "records of topo are JSON"
        fi
    fi
fi

# ---- roofline -------------------------------------------------------------------

memory="roofline --shape 129x17 --reps 1"
ends 2 "one --shape" "roofline of two shapes" roofline --shape 3x4,4x3
ends 2 "--threads '2,1'" "numbers of threads that do not rise" roofline --threads 2,1
ends 2 "png" "a picture of unknown format" $memory --plot "$scratch/memory.jpg"
ends 2 "No such file" "a diagram in no folder" $memory --plot "$scratch/absent/memory.svg"
ends 0 '^4R+2W  *2  *fused, streaming  *non-temporal  *1 ' "roofline's table" $memory --threads 1

# Only the tools that libtool's script around the program runs, and gnuplots of our own.
mkdir "$scratch/bin"
for tool in sh basename cat chmod dirname env expr grep ls mkdir mv pwd rm sed tail uname; do
    ln -s "$(command -v $tool)" "$scratch/bin/$tool"
done
path=$PATH
PATH=$scratch/bin
ends 0 "no gnuplot; 'gnuplot .*svg.gp'" "a diagram without gnuplot" \
    $memory --threads 1,2 --plot "$scratch/memory.svg"
ends 0 "no gnuplot; 'gnuplot .*svg.gp'" "... nor of ratios" \
    compare --shape 65x7,64x16 $small --plot "$scratch/bounds.svg"
printf '#!/bin/sh\nexit 1\n' > "$scratch/bin/gnuplot"
chmod +x "$scratch/bin/gnuplot"
ends 3 "gnuplot failed" "a gnuplot that fails" $memory --threads 1 --plot "$scratch/failed.png"
printf '#!/bin/sh\n[ -s "${1%%.gp}.dat" ] && echo drawn > "${1%%.gp}"\n' > "$scratch/bin/gnuplot"
ends 0 "^1R " "a gnuplot that draws" $memory --threads 1 --plot "$scratch/drawn.svg"
PATH=$path
{
    grep -q 'wrote .*drawn.svg$' "$scratch/out" || cat "$scratch/out"
    [ -s "$scratch/drawn.svg" ] || echo "nothing is drawn"
    ls "$scratch"/drawn.svg.* 2>/dev/null
} | nothing "what gnuplot has drawn from is gone"
{
    grep -q '^set arrow from graph 0, first 1 to graph 1, first 1 nohead' \
        "$scratch/bounds.svg.gp" || echo "no line at 1"
    grep -qx 'set yrange \[0:1<\*\]' "$scratch/bounds.svg.gp" || echo "1 may be out of sight"
    awk '/^#/ || !NF { next } NF != 5 || $5 <= 0 { print } { rows++ }
         END { if (rows != 6) print rows " rows" }' "$scratch/bounds.svg.dat"
} | nothing "ratios are drawn with 1 and with their bounds"
awk '/^#/ { next } !NF { next } NF != 4 || $3 > $2 || $2 > $4 { print } { rows++ }
     END { if (rows != 36) print rows " rows" }' "$scratch/memory.svg.dat" |
    nothing "its data remain: least and most around each point"
if command -v gnuplot >/dev/null 2>&1; then
    (cd "$scratch" && gnuplot memory.svg.gp 2>&1) | nothing "its script is gnuplot's"
    {
        [ -s "$scratch/memory.svg" ] || echo "nothing is drawn"
        well_formed "$scratch/memory.svg"
    } | nothing "the diagram is XML"
else
    skip "its script is gnuplot's" "no gnuplot"
fi

saved=$scratch/ceilings.json
if $bench $memory --threads 1 --json --save "$saved" > "$scratch/records" 2> "$scratch/err"; then
    has_keys "keys of roofline" $author rows cols dtype matrix_bytes traffic of reads writes \
        sweeps stores time_ms_median time_ms_min gb_s gb_s_min gb_s_max kernel
    diff "$scratch/records" "$saved" 2>&1 | nothing "what is saved are the records"
    tr -d '{}"' < "$saved" | awk -F, '
        { for (i = 1; i <= NF; i++) if (split($i, pair, ":") == 2) value[pair[1]] = pair[2] }
        { moved = (value["reads"] + value["writes"]) * 4 * 129 * 17 / 1e6
          ratio = moved / value["time_ms_median"] / value["gb_s"]
          if (ratio > 1.00001 || ratio < 0.99999) print "gb_s and time_ms_median do not agree"
          stores[value["stores"]]++ }
        END { if (stores["none"] != 2 || stores["ordinary"] != 8) print NR " records" }' |
        nothing "figures of roofline agree with each other"

    # The matrices of the file are those of 129x17, and a fake speed beats any operation.
    sed 's/"gb_s":[^,]*/"gb_s":1e9/' "$saved" > "$scratch/fast.json"
    held="--threads 1 --reps 1 --json --ceilings $scratch/fast.json"
    for op in forward backward fused step infer; do
        $bench run --shape 129x17 --op $op $held
    done > "$scratch/records" 2>&1
    grep -v '"ceiling_gb_s":1e9,.*"ceiling_saved":true' "$scratch/records" |
        nothing "a saved ceiling for each operation"
    $bench run --shape 13x17,12x17 $held 2> "$scratch/err" | grep -v '"ceiling_saved":false' |
        nothing "... but not for what is smaller by far"
    grep -c "fast.json: not taken for matrices .* half .* are measured$" "$scratch/err" |
        grep -vx 1 | nothing "... which is told, once"
    for strategy in stream resident; do
        $bench compare --op forward,backward,fused,step,infer --shape 129x17 \
            --strategy $strategy $held
    done > "$scratch/all" 2>&1
    grep -v geomean "$scratch/all" > "$scratch/records"
    has_keys "a saved bound for each operation" bound
    grep -c . "$scratch/records" | grep -vx 10 | nothing "... and each strategy"
    $bench compare --op fused --shape 129x17 --strategy stream $held > "$scratch/all" 2>&1
    tr -d '{}"' < "$scratch/all" | awk -F, 'NR == 1 {
          for (i = 1; i <= NF; i++) if (split($i, pair, ":") == 2) value[pair[1]] = pair[2]
          ratio = value["bound"] * 6 * 4 * 129 * 17 / 1e15 / value["peer_time_ms"]
          if (ratio > 1.00001 || ratio < 0.99999) print "bound is not that of 4R+2W" }' |
        nothing "the bound of streaming is that of streaming"

    for strategy in stream:1.5 resident:1; do
        $bench run --op fused --shape 129x17 --strategy ${strategy%:*} $held 2>&1 |
            tr -d '{}"' | awk -F, -v expected=${strategy#*:} '
            { for (i = 1; i <= NF; i++) if (split($i, pair, ":") >= 2) value[pair[1]] = pair[2]
              ratio = value["bound_fraction"] / value["ceiling_fraction"] / expected
              if (ratio > 1.00001 || ratio < 0.99999) print }' |
            nothing "run: the bound of ${strategy%:*} is that of what it moves"
    done

    for command in run compare scale; do
        ends 0 ' [0-9]* (saved)$\| [0-9]* (saved)  *[0-9]* (saved)  *not asked$' \
            "$command's table tells of saved ceilings" $command --op forward --shape 129x17 \
            --threads 1 --reps 1 --ceilings "$scratch/fast.json"
    done
    $bench run --shape 13x17 --threads 1 --reps 1 --ceilings "$scratch/fast.json" 2>&1 |
        grep '(saved)' | nothing "... and not of measured ones"
    ends 2 "'--ceilings'" "tune has no ceilings" tune --ceilings "$scratch/fast.json"

    held="run --shape 129x17 --reps 1 --ceilings"
    sed 's/"cpu":"[^"]*"/"cpu":"abacus"/' "$saved" > "$scratch/bad.json"
    ends 3 "another machine, abacus" "ceilings of another machine" $held "$scratch/bad.json"
    ends 3 "no ceiling of 2R+2W with 2 threads" "ceilings of other numbers of threads" \
        $held "$saved" --threads 2
    sed 's/"gb_s":[^,]*/"gb_s":1e-9/' "$saved" > "$scratch/bad.json"
    ends 1 "of the saved ceiling, so" "a saved ceiling that is too low" \
        $held "$scratch/bad.json" --threads 1
    sed 's/"gb_s":[^,]*/"gb_s":"fast"/' "$saved" > "$scratch/bad.json"
    ends 2 "bad.json:1: .*gb_s" "ceilings without numbers" $held "$scratch/bad.json"
    sed 's/roofline/run/' "$saved" > "$scratch/bad.json"
    ends 2 "bad.json:1: .*roofline" "records of another command" $held "$scratch/bad.json"
    echo 'ceilings' > "$scratch/bad.json"
    ends 2 "bad.json:1: .*JSON" "ceilings that are not JSON" $held "$scratch/bad.json"
    : > "$scratch/bad.json"
    ends 2 "no ceilings" "an empty file of ceilings" $held "$scratch/bad.json"
    ends 2 "No such file" "ceilings that are not there" $held "$scratch/absent.json"
    ends 2 "No such file" "ceilings saved in no folder" $memory --save "$scratch/absent/c.json"
else
    grep -v 'without jansson' "$scratch/err" | nothing "--save without jansson says so"
    skip "saved ceilings" "built without jansson"
fi
finish
