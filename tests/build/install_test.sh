#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make install puts in place what people use, and make uninstall takes all of it away.
. "$top_srcdir/tests/support/tap.sh"

cd "$top_builddir" || exit 1
prefix=$(sed -n 's/^prefix = //p' Makefile)
root=$scratch/root
installed() { (cd "$root" && find . ! -type d | sed 's/^\.//' | LC_ALL=C sort); }

ok 'make install, with DESTDIR' make -s install DESTDIR="$root"
files=$(installed)
for file in bin/dynomatic bin/dynomatic-check-plugin bin/dynomatic-new-plugin bin/dynomatic-fake-heroku include/dynomatic/plugin.h include/dynomatic/util.h \
  lib/dynomatic/delayedjob.so lib/dynomatic/resque.so lib/dynomatic/sidekiq.so lib/dynomatic/heroku-formation.so lib/dynomatic/heroku-hobby.so lib/dynomatic/heroku-single.so \
  share/man/man1/dynomatic.1 share/man/man1/dynomatic-fake-heroku.1 share/man/man3/dynomatic-plugin.3 \
  share/man/man5/dynomatic.yml.5 share/man/man5/dynomatic-journal.5 share/man/man7/dynomatic-delayedjob.7 share/man/man7/dynomatic-resque.7 share/man/man7/dynomatic-sidekiq.7 \
  share/man/man7/dynomatic-heroku-formation.7 share/man/man7/dynomatic-heroku-hobby.7 \
  lib/pkgconfig/dynomatic.pc share/aclocal/dynomatic.m4 share/dynomatic/exports.map share/dynomatic/prices.yml \
  share/doc/dynomatic/tutorial.md share/doc/dynomatic/abi.md share/dynomatic/examples/spool.c \
  share/dynomatic/examples/files.c share/dynomatic/examples/folder.cc share/dynomatic/examples/project/Makefile \
  share/dynomatic/examples/sizes.cc share/dynomatic/examples/maildir.rs \
  share/dynomatic/examples/dynomatic.yml share/dynomatic/examples/pools.yml; do
  has "$file is installed" "$files" "$prefix/$file"
done
is "plugins are one file each" "$(printf '%s\n' "$files" | grep -c '\.la$')" 0
has 'the installed program lists the installed plugins' \
  "$(DYNOMATIC_PLUGIN_PATH=$root$prefix/lib/dynomatic "$root$prefix/bin/dynomatic" plugins)" delayedjob
ok 'the installed program looks for the installed prices' \
  grep -q "$prefix/share/dynomatic/prices.yml" "$root$prefix/bin/dynomatic"
ok 'make uninstall' make -s uninstall DESTDIR="$root"
is 'it leaves nothing' "$(installed)" ''
is 'nor a folder of its own' "$(find "$root" -type d -name dynomatic)" ''
tap_end
