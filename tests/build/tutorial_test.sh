#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/tutorial.md does what it says (see tests/support/page.sh), with an installed dynomatic ("make installed").
. "$top_srcdir/tests/support/tap.sh"
prefix=$top_builddir/installed/prefix
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig PATH=$prefix/bin:$PATH NO_COLOR=1
rm -f "$prefix"/lib/dynomatic/*
unset DYNOMATIC_PLUGIN_PATH MAKEFLAGS MFLAGS MAKELEVEL
. "$top_srcdir/tests/support/page.sh"

page_runs "$top_srcdir/docs/tutorial.md"

# What it writes piece by piece is the example that is installed, without its first comment.
code() { sed '1,/^ \*\/$/d' "$1"; }
is 'the adapter of the tutorial is examples/spool.c' \
  "$(diff <(code "$prefix/share/dynomatic/examples/spool.c") <(code "$(cat "$scratch/where")/spool.c"))" ''
tap_end
