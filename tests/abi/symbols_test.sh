#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What each built object shows to others and needs of others, and which doors stay shut.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
needs nm 'it lists symbols'
needs ldd 'it lists libraries'

exported() { nm -D --defined-only "$1" | sed 's/^[0-9a-f]* [A-Z] //'; }
unresolved() { ldd -r "$1" 2>&1 | grep 'undefined symbol' | grep -v '__[a-z]*san_\|__sanitizer_'; }
includes() { (cd "$top_srcdir" && grep -rnE --include='*.[ch]' "^ *# *include *[<\"]$1" "${@:2}"); }

n=0
for plugin in "$top_builddir"/.libs/*.so; do
  [ -f "$plugin" ] || continue
  name=${plugin##*/}
  n=$((n + 1))
  is "$name exports its descriptor and nothing else" "$(exported "$plugin")" dynomatic_plugin
  is "$name has no symbol that its libraries lack" "$(unresolved "$plugin")" ''
done
ok 'there are plugins' [ "$n" -gt 0 ]

# A host that runs only one plugin maps the libraries of that plugin alone.
libraries=$(ldd "$top_builddir/dynomatic")
for library in libltdl libfyaml libcjson libglib; do
  has "dynomatic itself needs $library" "$libraries" "$library"
done
for library in libpq libcurl libsqlite3 libhiredis libmariadb libmicrohttpd libssl; do
  has_not "dynomatic itself does not need $library" "$libraries" "$library"
done

is 'plugins include nothing of the core' "$(includes 'core/' plugins)" ''
is 'the public headers include nothing of ours but each other' \
  "$(includes '(core|plugins|tests)/' include)" ''
is 'only the loader sees the linker' \
  "$(includes '(ltdl|dlfcn)\.h' core plugins | cut -d : -f 1 | sort -u)" 'core/plugin.c'
has 'an include that is there would be found' "$(includes 'dynomatic/' plugins)" 'plugins/'
tap_end
