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

# BNORM_ONEDNN
#
# oneDNN for bnorm-bench, version 2.3 or later: in the compiler's own paths, or in DIR/include
# and DIR/lib, which the program then remembers.  Sets with_onednn to its version, or
# no, and HAVE_ONEDNN, ONEDNN_CFLAGS and ONEDNN_LIBS.
AC_DEFUN([BNORM_ONEDNN], [
  AC_ARG_WITH([onednn],
    [AS_HELP_STRING([--with-onednn=DIR],
       [oneDNN (2.3 or later, run by OpenMP) of this prefix, for bnorm-bench compare])
AS_HELP_STRING([--without-onednn], [do not use oneDNN])],
    [], [with_onednn=auto])
  bnorm_wanted=$with_onednn
  ONEDNN_CFLAGS= ONEDNN_LIBS=-ldnnl
  AS_CASE([$bnorm_wanted],
    [no | yes | auto], [],
    [bnorm_folder=$bnorm_wanted/lib
     AS_IF([test ! -e $bnorm_folder/libdnnl.so && test -e $bnorm_wanted/lib64/libdnnl.so],
       [bnorm_folder=$bnorm_wanted/lib64])
     ONEDNN_CFLAGS=-I$bnorm_wanted/include
     ONEDNN_LIBS="-L$bnorm_folder -Wl,-rpath,$bnorm_folder -ldnnl"])
  AS_IF([test "x$bnorm_wanted" != xno], [
    AC_MSG_CHECKING([for oneDNN])
    bnorm_saved_cppflags=$CPPFLAGS bnorm_saved_libs=$LIBS bnorm_saved_cflags=$CFLAGS
    CPPFLAGS="$ONEDNN_CFLAGS $CPPFLAGS" LIBS="$ONEDNN_LIBS $LIBS" CFLAGS="$OPENMP_CFLAGS $CFLAGS"
    with_onednn=no
    AC_LINK_IFELSE(
      [AC_LANG_PROGRAM([[#include <oneapi/dnnl/dnnl.h>]],
         [[return dnnl_version()->major + dnnl_use_scale + dnnl_use_shift;]])], [
      AC_COMPUTE_INT([bnorm_major], [DNNL_VERSION_MAJOR], [[#include <oneapi/dnnl/dnnl.h>]])
      AC_COMPUTE_INT([bnorm_minor], [DNNL_VERSION_MINOR], [[#include <oneapi/dnnl/dnnl.h>]])
      AC_COMPUTE_INT([bnorm_patch], [DNNL_VERSION_PATCH], [[#include <oneapi/dnnl/dnnl.h>]])
      with_onednn=$bnorm_major.$bnorm_minor.$bnorm_patch])
    CPPFLAGS=$bnorm_saved_cppflags LIBS=$bnorm_saved_libs CFLAGS=$bnorm_saved_cflags
    AC_MSG_RESULT([$with_onednn])
    AS_IF([test "x$with_onednn" = xno && test "x$bnorm_wanted" != xauto],
      [AC_MSG_ERROR([--with-onednn was given, but oneDNN 2.3 or later was not found])])
  ])
  AS_IF([test "x$with_onednn" = xno],
    [ONEDNN_CFLAGS= ONEDNN_LIBS=],
    [AC_DEFINE([HAVE_ONEDNN], [1], [oneDNN is there: a peer of bnorm-bench])])
  AC_SUBST([ONEDNN_CFLAGS])
  AC_SUBST([ONEDNN_LIBS])
])
