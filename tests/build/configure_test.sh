#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What configure can be told, and what it tells.
. "$top_srcdir/tests/support/tap.sh"

mkdir "$scratch/build" && cd "$scratch/build" || exit 1
out=$("$top_srcdir/configure" --disable-heroku-hobby --prefix=/opt/d 2>&1)
has 'a plugin can be switched off' "$out" 'heroku-hobby      no (switched off)'
has 'the summary tells where plugins go' "$out" '/opt/d/lib/dynomatic'
is 'what is switched off is not built' "$(make -n 2>/dev/null | grep -c 'heroku_hobby_la')" 0
out=$(PKG_CONFIG_LIBDIR=$scratch/none PKG_CONFIG_PATH=$scratch/none "$top_srcdir/configure" 2>&1)
has 'without a library of the host it says which, and how to get it' "$out" 'apt-get install libfyaml-dev'
cat >"$scratch/pkg" <<'END'
#!/bin/sh
case "$*" in *libcurl*) exit 1 ;; esac
exec pkg-config "$@"
END
chmod +x "$scratch/pkg"
out=$("$top_srcdir/configure" PKG_CONFIG="$scratch/pkg" 2>&1)
has 'a plugin without its library is left out, with the reason' "$out" \
  'heroku-formation  no (libcurl (libcurl4-openssl-dev) is missing)'
has 'the others stay' "$out" 'delayedjob        yes'
out=$("$top_srcdir/configure" PKG_CONFIG="$scratch/pkg" --enable-heroku-hobby 2>&1)
has 'asked for by name, it is an error' "$out" '--enable-heroku-hobby was asked for'
tap_end
