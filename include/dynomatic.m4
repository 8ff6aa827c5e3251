# SPDX-License-Identifier: MIT
# For configure.ac of a project that makes plugins of dynomatic with automake and libtool.
#
# DYNOMATIC_PLUGIN([OLDEST VERSION])
#   Fails if dynomatic (of this version or a newer one) is not installed. Substitutes
#     DYNOMATIC_CFLAGS   where the headers lie
#     DYNOMATIC_LDFLAGS  makes one shared object, which exports dynomatic_plugin and nothing else
#     plugindir          where dynomatic looks for it; ./configure --with-plugindir=DIR is another
#
#   configure.ac:            Makefile.am:
#     LT_INIT                  plugin_LTLIBRARIES = mine.la
#     DYNOMATIC_PLUGIN         mine_la_SOURCES = mine.c
#                              mine_la_CFLAGS = $(DYNOMATIC_CFLAGS)
#                              mine_la_LDFLAGS = -module $(DYNOMATIC_LDFLAGS)
#
# "make distcheck" may only install below its own prefix:
#                              AM_DISTCHECK_CONFIGURE_FLAGS = --with-plugindir='$${libdir}/dynomatic'

# serial 1
AC_DEFUN([DYNOMATIC_PLUGIN], [
  AC_REQUIRE([PKG_PROG_PKG_CONFIG])
  PKG_CHECK_MODULES([DYNOMATIC], [dynomatic]m4_ifval([$1], [ >= $1]))
  AC_ARG_WITH([plugindir],
    [AS_HELP_STRING([--with-plugindir=DIR], [install plugins in DIR (default: where dynomatic looks)])],
    [plugindir=$withval], [plugindir=`$PKG_CONFIG --variable=plugindir dynomatic`])
  AC_SUBST([plugindir])
  AC_SUBST([DYNOMATIC_LDFLAGS],
    ["-avoid-version -shared -export-symbols-regex '^dynomatic_plugin\$\$'"])
])
