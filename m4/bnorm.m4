# SPDX-License-Identifier: BSD-3-Clause

# BNORM_OPTIONAL(VARIABLE, package, pkg-config modules, header, function, use)
#
# Look for an optional package: the first pkg-config module that exists, else
# the header and -l<package> in the compiler's own paths.  Sets with_<package>
# to yes or no, the automake conditional HAVE_<VARIABLE>, the macro of the same
# name, and <VARIABLE>_CFLAGS and _LIBS, which the user may also give.
# --with-<package> makes its absence an error, --without-<package> ignores it.
AC_DEFUN([BNORM_OPTIONAL], [
  AC_ARG_WITH([$2],
    [AS_HELP_STRING([--without-$2], [do not use $2: $6])],
    [], [with_$2=auto])
  bnorm_wanted=$with_$2
  AS_IF([test "x$bnorm_wanted" != xno], [
    with_$2=no
    for bnorm_module in $3; do
      AS_IF([test "x$with_$2" = xno], [
        PKG_CHECK_MODULES([$1], [$bnorm_module], [with_$2=yes], [:])])
    done
    AS_IF([test "x$with_$2" = xno], [
      AC_CHECK_HEADER([$4], [
        AC_CHECK_LIB([$2], [$5], [with_$2=yes $1_LIBS=-l$2])])])
    AS_IF([test "x$with_$2" = xno && test "x$bnorm_wanted" = xyes],
      [AC_MSG_ERROR([--with-$2 was given, but $2 was not found])])
  ])
  AS_IF([test "x$with_$2" = xyes],
    [AC_DEFINE([HAVE_$1], [1], [$2 is there: $6])],
    [$1_CFLAGS= $1_LIBS=])
  AC_SUBST([$1_CFLAGS])
  AC_SUBST([$1_LIBS])
  AM_CONDITIONAL([HAVE_$1], [test "x$with_$2" = xyes])
])

# BNORM_TRY_CFLAGS(flags, action if the compiler accepts them, action if not)
AC_DEFUN([BNORM_TRY_CFLAGS], [
  AC_MSG_CHECKING([whether $CC accepts $1])
  bnorm_saved_cflags=$CFLAGS
  CFLAGS="$CFLAGS $1 -Werror"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM], [bnorm_accepted=yes], [bnorm_accepted=no])
  CFLAGS=$bnorm_saved_cflags
  AC_MSG_RESULT([$bnorm_accepted])
  AS_IF([test $bnorm_accepted = yes], [$2], [$3])
])
