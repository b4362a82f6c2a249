#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What every file says at its top, and versions that are written in two places.
set -u
. "$srcdir/tests/tree/tap.sh"
cd "$top" || exit 99

# Text that carries its licence in LICENSE alone: data, and what is read rendered.
find . \( -name .git -o -name build -o -name 'build-aux' -o -name autom4te.cache \) -prune -o -type f \
    \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.am' -o -name '*.ac' \
       -o -name '*.in' -o -name '*.m4' -o -name '*.py' -o -name bootstrap -o -path './.ci/*' \
       -o -path './tests/isa/*' -o -path './tests/sanitize/*' \) -print |
    grep -Ev '^\./(Makefile\.in|aclocal\.m4|config.*\.h.*|m4/(libtool|lt.*)\.m4)$' |
    while read -r file; do
        head -n 3 "$file" | grep -q 'SPDX-License-Identifier: BSD-3-Clause' || echo "$file"
    done | nothing "every source names its licence in its first lines"

version=$(sed -n 's/^AC_INIT(\[bnorm\], \[\(.*\)\])$/\1/p' configure.ac)
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
