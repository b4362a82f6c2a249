#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Who may include, call or name what under src/.
set -u
. "$srcdir/tests/tree/tap.sh"
cd "$top/src" || exit 99

files() { # the sources without comments and strings, one "file:line:text" per line
    find . -name '*.[ch]' -o -name '*.def' | sort | while read -r file; do
        awk -v file="${file#./}" '
            {
                text = $0
                gsub(/\\"/, "", text)
                if (text !~ /^[ \t]*#[ \t]*include/) gsub(/"[^"]*"/, "\"\"", text)
                sub(/\/\/.*/, "", text)
                while (1) {
                    if (comment) {
                        end = index(text, "*/")
                        if (!end) { text = ""; break }
                        text = substr(text, end + 2)
                        comment = 0
                    }
                    begin = index(text, "/*")
                    if (!begin) break
                    rest = substr(text, begin + 2)
                    end = index(rest, "*/")
                    if (!end) { comment = 1; text = substr(text, 1, begin - 1); break }
                    text = substr(text, 1, begin - 1) " " substr(rest, end + 2)
                }
                if (text ~ /[^ \t]/) print file ":" NR ":" text
            }' "$file"
    done
}
files > "$scratch/sources"

# Each layer includes itself and those below it; kernels and platform are side by
# side.  Public headers of the project are open to all.
grep -E '^[^:]*:[0-9]*:[ \t]*#[ \t]*include[ \t]*"' "$scratch/sources" | awk -F: '
    BEGIN {
        below["base"] = " base "
        below["kernels"] = " kernels base "
        below["platform"] = " platform base "
        below["plan"] = " plan kernels platform base "
        below["exec"] = " exec plan kernels platform base "
        below["tune"] = " tune exec plan kernels platform base "
        below["api"] = " api tune exec plan kernels platform base "
    }
    {
        split($3, quoted, "\"")
        split($1, from, "/")
        depth = split(quoted[2], to, "/")
        # A header without a folder is a public one or stands beside its user.
        layer = depth == 1 ? (quoted[2] == "bnorm.h" ? from[1] : "") : to[1]
        if (depth == 1 && layer == "") {
            path = from[1] "/" quoted[2]
            layer = (getline line < path) >= 0 ? from[1] : "?"
        }
        if (!(from[1] in below) || !index(below[from[1]], " " layer " "))
            print $1 ":" $2 ": includes " quoted[2]
    }' | nothing "includes go down the layers"

# only PATTERN WHAT WHERE...: the extended regular expression stands only in WHERE
only() {
    pattern=$1 name=$2
    shift 2
    allowed=' '
    for file; do allowed="$allowed$file "; done
    grep -E "^[^:]*:[0-9]*:.*($pattern)" "$scratch/sources" | while IFS=: read -r file line text; do
        case $allowed in
        *" $file "*) ;;
        *) echo "$file:$line: $text" ;;
        esac
    done | nothing "$name"
}

call() { echo "(^|[^A-Za-z0-9_>.])($1)[[:space:]]*[(]"; }

only '#[ \t]*pragma[ \t]+omp|omp\.h|(^|[^A-Za-z0-9_])omp_' \
    "OpenMP is used only by the team" platform/team.c
only '_Pragma' "no macro hides a pragma but the kernels' for unrolling" kernels/kernels.c
grep -nE '_Pragma.*omp' kernels/kernels.c | nothing "nor is that one OpenMP's"
only 'hwloc' "hwloc is used only by the topology" \
    platform/topology.h platform/topology.c platform/topology_hwloc.h platform/topology_hwloc.c
only "$(call 'getenv|secure_getenv|setenv|putenv')" \
    "the environment is read only in one place" base/env.c
only "$(call 'malloc|calloc|realloc|free|aligned_alloc|posix_memalign|memalign|strdup|strndup|mmap|alloca|asprintf')" \
    "memory is allocated only in one place" platform/memory.c
only "$(call 'printf|puts|putchar|perror|vprintf|fprintf|vfprintf|fputs|fputc|write|abort|exit|_Exit|quick_exit|assert|syslog')|std(out|err)" \
    "the library is mute and never ends the process"
only "$(call 'fwrite')" "only wisdom is written, to the file that the user names" \
    tune/wisdom_file.c
finish
