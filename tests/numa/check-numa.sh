#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Boot machines that have several NUMA nodes, and run test_numa there.  `make check-numa`
# calls this.  A machine has passed only if its guest said so itself.
#
#   4x2         4 nodes with 2 CPUs each, and a pool of huge pages on each
#   smt         2 nodes with 2 cores of 2 logical CPUs each, and such a pool on one
#   memoryless  4 nodes with 2 CPUs, one of which has no memory
#   cpuless     4 nodes, one of which has no CPUs
#   cpuset      4x2, of which the process may use nodes 1 and 3
#   apart       4x2, of which it may use the CPUs of nodes 1 and 2, the memory of 0 and 3
#
# CHECK_NUMA_MACHINES  which of them (default: all)
# CHECK_NUMA_CACHE     where the kernel is kept (default: tests/isa/cache of the build)
# shellcheck disable=SC2086,SC2154,SC2046 # lists of words; srcdir comes from the makefile
set -u
# shellcheck source=tests/tree/tap.sh
. "$srcdir/tests/tree/tap.sh"
# shellcheck source=tests/support/variant.sh
. "$srcdir/tests/support/variant.sh"
here=$top/tests/numa
work=$PWD/tests/numa/work
cache=${CHECK_NUMA_CACHE:-$PWD/tests/isa/cache}
program=tests/numa/test_numa
begin=$(seconds)

# ---- machines ------------------------------------------------------------------

# nodes CPUS:MIB...: qemu's arguments for nodes with these CPUs and memory; "-" is none.
# Nodes 0 and 2, 1 and 3 are neighbours, so that the nearest is not the first.
nodes() {
    id=0 total=0
    for node; do
        cpus=${node%:*} mib=${node#*:} memory=
        if [ $mib != - ]; then
            echo "-object memory-backend-ram,id=m$id,size=${mib}M"
            memory=,memdev=m$id total=$((total + mib))
        fi
        echo "-numa node,nodeid=$id$memory$([ $cpus = - ] || echo ",cpus=$cpus")"
        id=$((id + 1))
    done
    echo "-m ${total}M"
    [ $# = 4 ] || return 0
    for far in 0,dst=1,val=22 0,dst=2,val=14 0,dst=3,val=28 1,dst=2,val=28 1,dst=3,val=14 \
        2,dst=3,val=22; do
        echo "-numa dist,src=$far"
    done
}

# hardware MACHINE: qemu's arguments
hardware() {
    case $1 in
    smt) echo "-smp 8,sockets=2,cores=2,threads=2" $(nodes 0-3:384 4-7:384) ;;
    memoryless) echo "-smp 8,sockets=4,cores=2" $(nodes 0-1:256 2-3:- 4-5:256 6-7:256) ;;
    cpuless) echo "-smp 6,sockets=3,cores=2" $(nodes 0-1:256 -:256 2-3:256 4-5:256) ;;
    # What has no room on a full node must have it on the only other one.
    cpuset) echo "-smp 8,sockets=4,cores=2" $(nodes 0-1:256 2-3:384 4-5:256 6-7:256) ;;
    apart) echo "-smp 8,sockets=4,cores=2" $(nodes 0-1:384 2-3:256 4-5:256 6-7:256) ;;
    *) echo "-smp 8,sockets=4,cores=2" $(nodes 0-1:256 2-3:256 4-5:256 6-7:256) ;;
    esac
}

# expected MACHINE: what test_numa must find, nodes with usable CPUs and such CPUs
expected() {
    case $1 in
    smt) echo BNORM_TEST_NODES=2 BNORM_TEST_CPUS=8 ;;
    cpuless) echo BNORM_TEST_NODES=3 BNORM_TEST_CPUS=6 ;;
    cpuset | apart) echo BNORM_TEST_NODES=2 BNORM_TEST_CPUS=4 ;;
    *) echo BNORM_TEST_NODES=4 BNORM_TEST_CPUS=8 ;;
    esac
}

# confine CPUS MEMS: lines that put the guest's shell into a cpuset
confine() {
    cat <<END
mkdir /cgroup && mount -t cgroup2 cgroup /cgroup && echo +cpuset >/cgroup/cgroup.subtree_control &&
    mkdir /cgroup/part && echo $1 >/cgroup/part/cpuset.cpus && echo $2 >/cgroup/part/cpuset.mems &&
    echo \$\$ >/cgroup/part/cgroup.procs || exit 1
grep -qx "Mems_allowed_list:.$2" /proc/self/status || exit 1
END
}

# orders MACHINE: what its guest does
orders() {
    case $1 in
    4x2) echo "echo 40 >/proc/sys/vm/nr_hugepages" ;;
    smt) echo "echo 40 >/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages" ;;
    cpuset) confine 2-3,6-7 1,3 ;;
    apart) confine 2-5 0,3 ;;
    esac
    case $1 in
    control-fails) echo "export BNORM_TEST_NODES=99" ;;
    control-hangs) echo "echo 1..1; echo 'ok 1 - not the end'; echo '# exit 0'; sleep 1000" ;;
    *) echo "export $(expected $1)" ;;
    esac
    case $1 in control-*) case_name="'what the system has'" ;; *) case_name= ;; esac
    cat <<END
export OMP_WAIT_POLICY=passive LD_LIBRARY_PATH=/lib
./test_numa $case_name
status=\$?
[ ! -x bnorm-bench ] || ./bnorm-bench topo --json --op forward --shape 4000x600
echo "# exit \$status"
exit \$status
END
}

# ---- boots ---------------------------------------------------------------------

# carry FILE ROOT: a program that libtool made, and in lib/ the libraries it needs; their
# loader where the program looks for it
carry() {
    cp "$(./libtool --mode=execute echo "$1")" "$2" &&
        ./libtool --mode=execute ldd "$1" | grep -o '/[^ ]*' | while read -r library; do
        mkdir -p "$2/lib" "$2/lib64" && cp -L "$library" "$2/lib"
        case $library in /lib64/*) cp -L "$library" "$2/lib64" ;; esac
    done
}

# boot MACHINE SECONDS: exit status, the guest's
boot() {
    root=$work/$1/root
    mkdir -p "$root"
    case $1 in control-*) ;; *) carry bench/bnorm-bench "$root" ;; esac
    carry $program "$root" && orders $1 >"$root/guest-main"
    "$here/boot-qemu" "$kernel" "$root" "$work/$1" $2 $(hardware $1)
    status=$?
    tr -d '\r' <"$work/$1/serial.txt" >"$work/log/$1.txt"
    return $status
}

# boot_all SECONDS MACHINE...: one after another, exit statuses to log/MACHINE.status
boot_all() {
    limit=$1
    shift
    for guest; do
        boot $guest $limit
        echo $? >"$work/log/$guest.status"
    done
}

hashes() { sed -n 's/^# hash //p' "$1" | sort; }

# threads_of_bench LOG: as test_numa tells of them
threads_of_bench() {
    number='\([0-9]*\)'
    thread="\"thread\":$number,.*\"local_bytes\":$number,\"remote_bytes\":$number"
    sed -n "s/.*\"record\":\"thread\".*$thread.*/thread \1: local \2, remote \3/p" "$1"
}

# judge MACHINE: its cases by name, and what is wrong as a whole
judge() {
    log=$work/log/$1.txt
    sed -nE "s/^((not )?ok) [0-9]+ - /\1 - $1: /p" "$log" >"$scratch/cases"
    while read -r line; do result "$line"; done <"$scratch/cases"
    {
        complaints "$log"
        if [ "$(cat "$work/log/$1.status")" != 0 ]; then
            tail -n 5 "$work/$1/qemu.txt"
            tail -n 5 "$log"
        fi
        hashes "$log" | diff "$scratch/here" - | sed -n 's/^</hash, here:/p; s/^>/hash, there:/p'
    } | head -n 60 >"$scratch/wrong"
    nothing "$1: the guest ran to its end, $(cases "$log"), hashes as here" <"$scratch/wrong"
    if threads_of_bench "$log" >"$scratch/bench" && [ -s "$scratch/bench" ]; then
        sed -n 's/^# \(thread [0-9]*: local .*\)/\1/p' "$log" | diff - "$scratch/bench" |
            nothing "$1: bnorm-bench topo tells how many bytes threads have on their nodes"
    else
        skip "$1: bnorm-bench topo" "it has no --json"
    fi
    sed -n 's/^guest status .* after /# '"$1"': up for /p' "$log"
}

# ---- all of it -----------------------------------------------------------------

[ "$(uname -m)" = x86_64 ] || skip_all "the emulated machines need an x86-64 host"
require "$here/packages.txt" check-numa
rm -rf "$work"
mkdir -p "$work/log"

kernel=$("$top/tests/isa/fetch-kernel" "$cache" 2>"$work/log/kernel.txt") || {
    tail -n 5 "$work/log/kernel.txt" | nothing "a kernel to boot"
    finish
}

run "$work/log/here.txt" env OMP_WAIT_POLICY=passive $program "bits"
complaints "$work/log/here.txt" | nothing "here: $(cases "$work/log/here.txt")"
hashes "$work/log/here.txt" >"$scratch/here"
[ -s "$scratch/here" ] || echo "none" | nothing "here: hashes to compare with"

# Two at a time, and the one that sleeps.
machines=${CHECK_NUMA_MACHINES:-4x2 smt memoryless cpuless cpuset apart}
odd='' even=''
for guest in $machines control-fails; do
    before=$odd odd="$even $guest" even=$before
done
boot_all 100 control-hangs &
boot_all 300 $odd &
boot_all 300 $even &
wait

{
    [ "$(cat "$work/log/control-fails.status")" = 1 ] || echo "its exit status is not 1"
    complaints "$work/log/control-fails.txt" | grep -q '^not ok' || echo "no case failed"
} | nothing "control: a guest whose test fails is noticed"
{
    [ "$(cat "$work/log/control-hangs.status")" = 1 ] || echo "its exit status is not 1"
    grep -q '^ok 1 - not the end' "$work/log/control-hangs.txt" || echo "it did not run at all"
} | nothing "control: a guest that never finishes is noticed"
for guest in $machines; do judge $guest; done
echo "# all: $(($(seconds) - begin)) s"
finish
