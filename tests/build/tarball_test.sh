#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tarball is whole: it builds where the source cannot be written to, and its tests pass there.
# (make distcheck; of the tests, those of the units.)
. "$top_srcdir/tests/support/tap.sh"

cd "$top_builddir" || exit 1
unset MAKEFLAGS MFLAGS MAKELEVEL DYNOMATIC_PLUGIN_PATH
units=$(make -s list-tests | grep '^tests/unit/' | tr '\n' ' ')
ok 'make distcheck' make -s distcheck TESTS="$units"
archive=$(echo dynomatic-*.tar.xz)
files=$(tar -tf "$archive" | sed 's#^[^/]*/##')
tracked=$(cd "$top_srcdir" && git ls-files 2>/dev/null)
if [ -n "$tracked" ]; then
  is 'it has every file of the project' "$(grep -v '^\.gitignore$' <<<"$tracked" |
    LC_ALL=C sort | LC_ALL=C comm -23 - <(LC_ALL=C sort <<<"$files"))" ''
fi
rm -f "$archive"
tap_end
