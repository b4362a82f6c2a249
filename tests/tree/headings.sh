#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What every file says at its top, and versions that are written in two places.
set -u
. "$srcdir/tests/tree/tap.sh"
cd "$top" || exit 99

version=$(sed -n 's/^AC_INIT(\[bnorm\], \[\(.*\)\])$/\1/p' configure.ac)

# Sources by their names, and scripts by their first two characters; what autotools
# and the build generate is not ours.  Data is licensed in a file beside it.
find . \( -name .git -o -name build -o -name build-aux -o -name autom4te.cache -o -name .libs \
          -o -name .deps -o -name "bnorm-$version" \) -prune -o -type f -print |
    grep -Ev '/(Makefile\.in|configure|libtool|config\.status|aclocal\.m4)$|/m4/(libtool|lt.*)\.m4$' |
    while read -r file; do
        case $file in
        *.[ch] | *.def | *.am | *.ac | *.in | *.m4) ;;
        *) [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ] || continue ;;
        esac
        head -n 3 "$file" | grep -q 'SPDX-License-Identifier: BSD-3-Clause' || echo "$file"
    done | nothing "every source names its licence in its first lines"

header=$(awk '/define BNORM_VERSION_(MAJOR|MINOR|PATCH)/ { printf "%s%s", dot, $3; dot = "." }' include/bnorm.h)
if [ "$version" != "$header" ]; then
    echo "configure.ac: '$version', include/bnorm.h: '$header'"
fi | nothing "configure.ac and the header agree on the version"

# A source that Makefile.am does not list is dead, or missing from the tarball.
sources=$(sed 's/#.*//' Makefile.am)
find src -type f | sort | while read -r file; do
    echo "$sources" | grep -qF "$file" || echo "$file"
done | nothing "every file under src/ is listed in Makefile.am"
finish
