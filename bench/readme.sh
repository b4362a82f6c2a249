#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# readme.sh README BNORM-BENCH: print README with what every "$ bnorm-bench ..." of
# its console blocks prints now.  Run from the top of the source, on a quiet machine;
# files that the commands write are thrown away.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ln -s "$PWD/examples" "$PWD/bench" "$scratch"
inside=no
while IFS= read -r line; do
    case $inside$line in
    'no```console') inside=yes ;;
    'yes```') inside=no ;;
    'yes$ bnorm-bench '*)
        printf '%s\n' "$line"
        (cd "$scratch" && eval '"$2"' "${line#\$ bnorm-bench }") 2>&1 </dev/null
        continue ;;
    yes*) continue ;; # what it printed last time
    esac
    printf '%s\n' "$line"
done < "$1"
