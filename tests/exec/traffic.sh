#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Fusion is real: the lines that cachegrind's last-level cache fetches for a
# call are those that the plan promises, within 10%, and two separate calls would
# be told apart from the fused one.
#
# The program plans for 1 MiB of cache; the cache that is simulated has 4 MiB,
# because cachegrind lets ordinary room be taken by what non-temporal stores
# write, and by the workspace.
set -u
name_resident="the plan's blocks stay in cache"
program=tests/exec/traffic
line=64
tests="forward_backward step"
[ "${BNORM_TEST_LONG:-0}" = 1 ] && tests="forward backward $tests"
unset BNORM_ISA # what valgrind's CPU can do, the library finds out

count=0
failed=0
ok() { # ok CONDITION-STATUS NAME
    count=$((count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        failed=1
    fi
}

if ! command -v valgrind >/dev/null 2>&1; then
    echo "1..0 # SKIP valgrind is not installed"
    exit 0
fi
if ! ./$program forward 0 >/dev/null; then
    echo "1..1"
    echo "not ok 1 - $program runs"
    exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# misses OPERATION CALLS: "read written" misses of the last level, and the
# program's own output in $scratch/promise
misses() {
    valgrind --tool=cachegrind --cache-sim=yes \
        --I1=32768,8,64 --D1=32768,8,64 --LL=4194304,16,64 \
        --cachegrind-out-file="$scratch/out" ./$program "$1" "$2" \
        >"$scratch/promise" 2>"$scratch/log" || { sed 's/^/# /' "$scratch/log" >&2; return 1; }
    # "events: Ir I1mr ILmr Dr D1mr DLmr Dw D1mw DLmw", "summary: ..." in that order
    awk '/^events:/ { for (i = 2; i <= NF; i++) at[$i] = i }
         /^summary:/ { print $at["DLmr"], $at["DLmw"] }' "$scratch/out"
}

# within PERCENT GOT EXPECTED
within() {
    awk -v p="$1" -v got="$2" -v want="$3" \
        'BEGIN { d = got - want; exit !(want > 0 && (d < 0 ? -d : d) <= want * p / 100) }'
}

base=$(misses forward 0) || base=
if [ -z "$base" ]; then
    sed 's/^/# /' "$scratch/log"
    echo "1..0 # SKIP cachegrind does not run here"
    exit 0
fi
base_read=${base% *}
base_written=${base#* }

for operation in $tests; do
    found=$(misses "$operation" 1) || found="0 0"
    read -r strategy read written <"$scratch/promise"
    [ "$operation" = forward_backward ] && fused_read=$read
    got_read=$(((${found% *} - base_read) * line))
    got_written=$(((${found#* } - base_written) * line))
    echo "# $operation: read $got_read of $read bytes, written $got_written of $written"
    [ "$strategy" = resident ]
    ok $? "$operation: $name_resident"
    within 10 "$got_read" "$read"
    ok $? "$operation: bytes read as the plan says"
    within 10 "$got_written" "$written"
    ok $? "$operation: bytes written as the plan says"
done

# The yardstick can tell: forward and then backward read half as much again.
found=$(misses separate 1) || found="0 0"
got_read=$(((${found% *} - base_read) * line))
echo "# forward, then backward: read $got_read bytes"
! within 10 "$got_read" "$fused_read" && [ "$got_read" -gt "$fused_read" ]
ok $? "two separate calls read more than the fused one"

echo "1..$count"
exit $failed
