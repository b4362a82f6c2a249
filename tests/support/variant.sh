# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2154 # top, work: of the script that sources this
# The test programs, built in another way than the makefile that calls did; sourced
# after tests/tree/tap.sh by scripts that set $work to a folder of their own.

# What belongs to the calling build must not leak into another one.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES CC CFLAGS CPPFLAGS LDFLAGS LIBS AR NM OBJDUMP PKG_CONFIG libdir

seconds() { date +%s; }

# skip_all REASON: end the script before it began.
skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}

# require FILE TARGET: skip unless the Debian packages that FILE lists are installed.
require() {
    command -v dpkg-query >/dev/null || skip_all "needs packages of Debian or Ubuntu: see $1"
    missing=$(sed 's/#.*//' "$1" | while read -r package; do
        [ -z "$package" ] ||
            dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            printf ' %s' "$package"
    done)
    [ -z "$missing" ] || skip_all "needs$missing (./bootstrap $2 installs them)"
    [ ! -e "$top/config.status" ] ||
        skip_all "the source tree is configured in place: build in a folder of its own"
}

# build NAME MAKE-VARIABLE CONFIGURE-ARGUMENT...: all test programs under $work/NAME.
build() {
    name=$1 variable=$2 start=$(seconds) log=$work/log/build-$1.txt
    shift 2
    mkdir -p "$work/$name" "$work/log"
    (
        cd "$work/$name" &&
        { [ -e Makefile ] || "$top/configure" --without-jansson --without-hdf5 "$@"; } &&
        make -j"$(nproc)" check TESTS= "$variable"
    ) >"$log" 2>&1
    status=$?
    { [ $status = 0 ] || tail -n 30 "$log"; } | nothing "build, $name: $(($(seconds) - start)) s"
    return $status
}

# programs NAME PATTERN...: the test programs of build NAME that a pattern matches;
# what scripts run is not among them.
programs() {
    name=$1
    shift
    for program in $(make -s --no-print-directory -C "$work/$name" print-check-programs); do
        case $program in */test_*) ;; *) continue ;; esac
        for pattern; do
            # shellcheck disable=SC2254 # it is a pattern
            case $program in $pattern) echo "$program"; break ;; esac
        done
    done
}

# run LOG COMMAND...: the log ends with the exit status.
run() {
    log=$1
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1
    echo "# exit $?" >>"$log"
}

# cases LOG: how many cases it reports, and how many of them skipped.
cases() {
    echo "$(grep -cE '^(not )?ok ' "$1") cases, $(grep -cE '^ok .*# SKIP' "$1") skipped"
}

# complaints LOG: what is wrong with a test program's output; nothing when all is well.
complaints() {
    awk 'BEGIN { status = "unknown" }
         /^(not )?ok / { cases++ }
         /^not ok / { print; more = 5; next }
         more > 0 && /^# / { print; more-- }
         /^1\.\./ { plan = substr($0, 4) }
         /^# exit / { status = $3 + 0 "" }
         END {
             if (cases == 0 || cases != plan) print cases + 0 " of " plan + 0 " cases were run"
             if (status != "0") print "exit status " status
         }' "$1"
}
