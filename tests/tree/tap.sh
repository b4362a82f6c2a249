# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh disable=SC2034,SC2154 # variables come from the makefile and go to scripts
# TAP for the checks of the tree; sourced.  A check passes when it finds nothing:
# its findings, one per line on stdin, become its diagnosis.

top=$(cd "$srcdir" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM

result() { # LINE: kept in a file, because pipelines are subshells
    echo "$1"
    echo "$1" >> "$scratch/results"
}

# nothing NAME < FINDINGS
nothing() {
    findings=$(cat)
    if [ -z "$findings" ]; then
        result "ok - $1"
    else
        result "not ok - $1"
        echo "$findings" | sed 's/^/# /'
    fi
}

# succeeds NAME COMMAND...: a check that passes when the command does
succeeds() {
    name=$1
    shift
    if "$@" >"$scratch/output" 2>&1; then
        nothing "$name" </dev/null
    else
        { echo "exit status $? of: $*"; tail -n 40 "$scratch/output"; } | nothing "$name"
    fi
}

# skip NAME REASON
skip() { result "ok - $1 # SKIP $2"; }

finish() {
    echo "1..$(wc -l < "$scratch/results")"
    ! grep -q '^not ok' "$scratch/results"
    exit
}
