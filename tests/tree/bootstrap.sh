#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# What `bootstrap` runs on machines of several kinds.  It sees a folder of fakes
# that write down their command lines, and of the real tools only the basic ones.
set -u
. "$srcdir/tests/tree/tap.sh"

machine=$scratch/machine
log=$machine/log

fake() { # NAME < SCRIPT: `log` and the state of the machine are at hand
    {
        echo '#!/bin/sh'
        echo "machine=$machine"
        # shellcheck disable=SC2016 # for the fake to expand
        echo 'echo "${0##*/}${*:+ $*}" >> $machine/log'
        cat
    } > "$machine/bin/$1"
    chmod +x "$machine/bin/$1"
}

# machine UID INSTALLERS...: a project on a machine without any development package
machine() {
    uid=$1
    shift
    rm -rf "$machine"
    mkdir -p "$machine/bin" "$machine/project/m4" "$machine/project/tests"
    for tier in isa numa sanitize; do
        mkdir "$machine/project/tests/$tier"
        cp "$top/tests/$tier/packages.txt" "$machine/project/tests/$tier"
    done
    cp "$top/bootstrap" "$machine/project"
    touch "$machine/project/configure.ac" "$machine/project/m4/bnorm.m4"
    for tool in sh cat dirname env find grep mkdir mv rm sed sort touch tr cp chmod; do
        ln -s "$(command -v $tool)" "$machine/bin/$tool"
    done
    echo "echo $uid" | fake id
    echo 'exec "$@"' | fake sudo
    for installer; do # installing anything brings everything
        fake "$installer" <<'END'
case " $* " in
*" install "*)
    [ ! -e $machine/offline ] || exit 100
    cp $machine/packages/* $machine/bin
    touch $machine/headers ;;
esac
END
    done
    mkdir "$machine/packages"
    for package in cc c++ valgrind gnuplot make pkg-config autoconf automake libtoolize autoreconf; do
        fake $package </dev/null
        mv "$machine/bin/$package" "$machine/packages"
    done
    # The compiler finds headers when there are any.
    printf '#!/bin/sh\ncase "$*" in *-E*) [ -e %s ] ;; esac\n' "$machine/headers" \
        > "$machine/packages/cc"
    cat > "$machine/packages/autoreconf" <<END
#!/bin/sh
echo "autoreconf \$*" >> $log
touch Makefile.in
printf '#!/bin/sh\necho "configure\${*:+ \$*}" >> $log\n\
case "\$*" in *nonesuch*) exit 77 ;; esac\n\
echo "abs_builddir = \$PWD" > Makefile\n\
prefix=/usr/local\ncase \$1 in --prefix=*) prefix=\${1#*=} ;; esac\n\
echo "prefix = \$prefix" >> Makefile; touch config.status\n' > configure
chmod +x configure
END
}

equip() { # the machine has everything
    cp "$machine"/packages/* "$machine/bin"
    touch "$machine/headers"
}

run() { # ARGUMENTS...: bootstrap's exit status goes to $status
    : > "$log"
    (cd "$machine/project" && env -u CC PATH="$machine/bin" LC_ALL=C ./bootstrap "$@") \
        > "$machine/output" 2>&1 < /dev/null
    status=$?
}

# ran NAME < EXPECTED: the command lines, without those that only ask or count jobs
ran() {
    cat > "$scratch/expected"
    grep -vE '^(id|pkg-config) ' "$log" | sed 's/^make -j[0-9]*/make/' > "$scratch/ran"
    diff "$scratch/expected" "$scratch/ran" > "$scratch/diff" ||
        cat "$scratch/diff" "$machine/output"
}

says() { # PATTERN
    grep -qE "$1" "$machine/output" || { echo "does not say: $1"; cat "$machine/output"; }
}

fails() { [ $status -ne 0 ] || echo "exit status 0"; }
works() { [ $status -eq 0 ] || { echo "exit status $status"; cat "$machine/output"; }; }

build='autoconf automake'
# With gnuplot, oneDNN and HDF5, which are installed with others but never missed: see `needed`.
apt='gcc gnuplot-nox libc6-dev libcunit1-dev libdnnl-dev libhdf5-dev libhwloc-dev libjansson-dev libtool make pkg-config'
needed='gcc libc6-dev libcunit1-dev libhwloc-dev libjansson-dev libtool make pkg-config'
dnf='CUnit-devel autoconf automake gcc glibc-devel gnuplot hdf5-devel hwloc-devel jansson-devel libtool make onednn-devel pkgconf-pkg-config'
zypper='autoconf automake cunit-devel gcc glibc-devel gnuplot hdf5-devel hwloc-devel libjansson-devel libtool make onednn-devel pkgconf-pkg-config'

machine 0 apt-get
run
{
    works
    says "installing with apt-get: $build $apt"
    ran <<END
apt-get -qq update
apt-get -qq install -y --no-install-recommends $build $apt
autoreconf -i
configure
make
END
} | nothing "a bare machine, as root: apt-get, then the whole build"

run bench
{
    works
    ran <<'END'
make
make bench
END
} | nothing "the second time only make runs"

echo "abs_builddir = /elsewhere/build" > "$machine/project/build/Makefile"
touch "$machine/project/build/old"
run
{
    works
    [ ! -e "$machine/project/build/old" ] || echo "the old build is still there"
    ran <<'END'
configure
make
END
} | nothing "a build/ of another place is started anew"

sleep 1 # coarse clocks of some file systems
touch "$machine/project/configure.ac"
run
{
    works
    ran <<'END'
autoreconf -i
make
END
} | nothing "a newer configure.ac is processed again"

rm "$machine/headers"
run
{
    works
    ran <<'END'
apt-get -qq update
apt-get -qq install -y --no-install-recommends libc6-dev libcunit1-dev libdnnl-dev libhwloc-dev libjansson-dev
configure --prefix=/usr/local
make
END
} | nothing "only what is missing is installed, and configure looks again"

machine 1000 apt-get
run check
{
    works
    ran <<END
sudo apt-get -qq update
apt-get -qq update
sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $build g++ $apt valgrind
apt-get -qq install -y --no-install-recommends $build g++ $apt valgrind
autoreconf -i
configure
make
make check
END
} | nothing "as a user: through sudo"

machine 0 dnf
run
{
    works
    ran <<END
dnf -y install $dnf
autoreconf -i
configure
make
END
} | nothing "dnf's command line (its names are untried)"

machine 0 zypper
run
{
    works
    ran <<END
zypper --non-interactive install $zypper
autoreconf -i
configure
make
END
} | nothing "zypper's command line (its names are untried)"

machine 0 apt-get
run --no-install bench
{
    fails
    says "missing packages: $build $needed"
    ran </dev/null
} | nothing "--no-install: names what is missing, and stops"

machine 0 apt-get
touch "$machine/offline"
run check
{
    fails
    says "missing packages: $build g\+\+ $apt valgrind"
    ran <<END
apt-get -qq update
apt-get -qq install -y --no-install-recommends $build g++ $apt valgrind
END
} | nothing "no network: names what is missing, and stops"

machine 1000 apt-get
rm "$machine/bin/sudo"
run
{
    fails
    says "neither root nor sudo; missing packages: $build"
    ran </dev/null
} | nothing "neither root nor sudo: names what is missing, and stops"

machine 0
run
{
    fails
    says "no apt-get, dnf or zypper"
    says "$build $needed"
    ran </dev/null
} | nothing "an unknown system: names what is missing, and stops"

machine 0
equip
run --no-install check
works | nothing "clang is not needed for check"
rm "$machine/bin/gnuplot"
run --no-install check
works | nothing "gnuplot is not needed at all"
run --no-install check-san
{
    fails
    says "missing packages: clang.* libomp-"
} | nothing "a tier's packages are wanted when the tier is"

run --no-install check-isa
{
    fails
    says "missing packages: .*qemu-user-static"
} | nothing "each tier has its own list of packages"
run --no-install check-numa
{
    fails
    says "missing packages: .*qemu-system-x86"
} | nothing "... and so has the one of emulated nodes"
machine 0 dnf
run check-isa
{
    fails
    says "packages of Debian or Ubuntu"
    ran </dev/null
} | nothing "check-isa without apt-get: says so"

machine 0 apt-get
equip
run --prefix "/opt/my lib" install
{
    works
    ran <<'END'
autoreconf -i
configure --prefix=/opt/my lib
make
make install
END
} | nothing "--prefix is configure's"
run install --prefix="/opt/my lib"
{
    works
    ran <<'END'
make
make install
END
} | nothing "... once"
rm "$machine/headers"
run
{
    works
    grep -x 'configure --prefix=/opt/my lib' "$log" >/dev/null || cat "$log"
} | nothing "... and remembered when configure runs again"
run --prefix here install
{
    works
    ran <<END
configure --prefix=$machine/project/here
make
make install
END
} | nothing "another prefix, as a relative path"
for wrong in --prefix --prefix= '--prefix --no-install'; do
    # shellcheck disable=SC2086 # two words
    run $wrong
    { [ $status = 2 ] || echo "exit status $status"; says "^usage"; ran </dev/null; } |
        nothing "$wrong without a folder"
done

run check -- --with-onednn="/opt/one dnn" CFLAGS='-O2 *'
{
    works
    says "anew"
    ran <<END
configure --prefix=$machine/project/here --enable-option-checking=fatal --with-onednn=/opt/one dnn CFLAGS=-O2 *
make
make check
END
} | nothing "after -- stand configure's options; the prefix remains"
run -- --with-onednn="/opt/one dnn" CFLAGS='-O2 *'
{ works; echo make | ran; } | nothing "... once"
rm "$machine/headers"
run
{
    works
    grep -x "configure --prefix=$machine/project/here --enable-option-checking=fatal --with-onednn=/opt/one dnn CFLAGS=-O2 \*" \
        "$log" >/dev/null || cat "$log"
} | nothing "... and remembered when configure runs again"
touch "$machine/project/build/old"
run -- --with-nonesuch
{
    fails
    says "build/ is what it was"
    [ -e "$machine/project/build/old" ] || echo "the old build is gone"
} | nothing "what configure refuses leaves build/ alone"
run --
{
    works
    ran <<END
configure --prefix=$machine/project/here
make
END
} | nothing "-- alone forgets them"
for wrong in --with-onednn=/opt CC=clang; do
    run $wrong
    { [ $status = 2 ] || echo "exit status $status"; says "behind --"; ran </dev/null; } |
        nothing "$wrong without --"
done
for wrong in check '--without-hdf5 check' --prefix=/opt --help; do
    # shellcheck disable=SC2086 # words
    run -- $wrong
    { [ $status = 2 ] || echo "exit status $status"; says "before --"; ran </dev/null; } |
        nothing "-- $wrong"
done

run --unknown
{ fails; says "^usage"; } | nothing "an unknown option"
run --help
{ works; says "^usage"; ran </dev/null; } | nothing "--help"
finish
