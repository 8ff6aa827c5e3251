#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A stranger has dynomatic as a package and nothing of its source: what is installed builds a plugin by
# hand and with autotools, and the installed program runs it. ("make installed" installs it.)
. "$top_srcdir/tests/support/tap.sh"
needs pkg-config 'it finds what is installed'
prefix=$top_builddir/installed/prefix
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig ACLOCAL_PATH=$prefix/share/aclocal
export PATH=$prefix/bin:$PATH
rm -f "$prefix"/lib/dynomatic/*
unset DYNOMATIC_PLUGIN_PATH MAKEFLAGS MFLAGS MAKELEVEL
cd "$scratch" || exit

value() { pkg-config --variable="$1" dynomatic; }
is 'pkg-config tells where the headers are' "$(pkg-config --cflags dynomatic | tr -d ' ')" "-I$prefix/include"
is 'that nothing is linked' "$(pkg-config --libs dynomatic | tr -d ' ')" ''
is 'where plugins go' "$(value plugindir)" "$prefix/lib/dynomatic"
is 'its version' "dynomatic $(pkg-config --modversion dynomatic)" "$(dynomatic --version)"
ok 'where the examples are' test -e "$(value exampledir)/spool.c"
is 'and which folders it searches' "$(dynomatic plugins)" "no plugins in $prefix/lib/dynomatic"

# ---- By hand: as each example shows, in a folder that has nothing else ----

cp "$(value exampledir)"/*.{c,cc,rs} .
shown() { sed -En '/\\$/{N;s/ \\\n(\/\/| \*) */ /};'"s/^( \\*|\\/\\/)     ((cc|c\\+\\+|rustc) .*)/\\2/p" "$1"; }
for example in spool.c files.c folder.cc sizes.cc maildir.rs; do
  name=${example%.*}
  build=$(shown $example)
  command -v "${build%% *}" >/dev/null || {
    tap_line true "$example is built # SKIP ${build%% *} is not installed"
    continue
  }
  ok "$example is built as it shows" sh -c "$build"
  ok "$name.so goes where plugins go" install -m 644 $name.so "$(value plugindir)"
  has "the host finds it by its name" "$(dynomatic plugins $name)" "$prefix/lib/dynomatic/$name.so"
done
has 'all of them are listed' "$(dynomatic plugins | cut -d ' ' -f 1 | tr '\n' ' ')" 'files folder maildir sizes spool'
chmod 775 "$prefix/lib"
has 'what lies above the plugin folder is as safe as the program' "$(dynomatic plugins spool)" "$prefix/lib/dynomatic/spool.so"
chmod 755 "$prefix/lib"
is 'of dynomatic they include the two headers, and nothing else' \
  "$(cc -M $(pkg-config --cflags dynomatic) spool.c files.c | tr ' ' '\n' | grep "^$prefix" | sort -u | tr '\n' ' ')" \
  "$prefix/include/dynomatic/plugin.h $prefix/include/dynomatic/util.h "

# ---- What they do together ----

mkdir jobs
touch jobs/mail.1 jobs/mail.2
echo 'mail 0' >table
cat >dynomatic.yml <<'END'
queue: { adapter: spool, path: jobs }
scaler: { backend: sizes, file: table }
rules: [{ at_least: 1, dynos: 3 }]
pools: { mail: { queues: [mail] } }
END
ok 'the installed program runs a cycle with them' dynomatic once
is 'and sets the size' "$(cat table)" 'mail 3'

# ---- Begun by dynomatic new-plugin ----

for kind in queue scaler; do
  for lang in c c++; do
    name=new-$kind-${lang//+/p}
    ok "a $kind in $lang is begun" dynomatic new-plugin $name --kind $kind --lang $lang
    ok 'make builds it' make -s -C $name
    ok 'make check finds that it keeps the contract' make -s -C $name check
    ok 'make install puts it where the host looks' make -s -C $name install
    has 'the host finds it' "$(dynomatic plugins $name)" "$prefix/lib/dynomatic/$name.so"
    ok 'and it keeps the contract there' dynomatic check-plugin --only file,name,load $name
    ok 'make uninstall' make -s -C $name uninstall
  done
done

# ---- With autotools ----

mkdir project
cp spool.c project
cd project || exit
cat >configure.ac <<'END'
AC_INIT([mine], [1])
AM_INIT_AUTOMAKE([foreign])
AC_PROG_CC
AM_PROG_AR
LT_INIT([disable-static])
DYNOMATIC_PLUGIN([0.1])
AC_CONFIG_FILES([Makefile])
AC_OUTPUT
END
cat >Makefile.am <<'END'
AM_DISTCHECK_CONFIGURE_FLAGS = --with-plugindir='$${libdir}/dynomatic'
plugin_LTLIBRARIES = spool.la
spool_la_SOURCES = spool.c
spool_la_CFLAGS = $(DYNOMATIC_CFLAGS)
spool_la_LDFLAGS = -module $(DYNOMATIC_LDFLAGS)
END
rm "$prefix/lib/dynomatic/spool.so"
ok 'autoreconf knows the macro' autoreconf --install --warnings=none
ok 'configure finds dynomatic' ./configure -q
ok 'make install puts the plugin where the host looks' make -s install
has 'the host finds it' "$(dynomatic plugins spool)" "$prefix/lib/dynomatic/spool.so"
is 'it exports its descriptor and nothing else' \
  "$(nm -D --defined-only "$prefix/lib/dynomatic/spool.so" | sed 's/^[0-9a-f]* [A-Z] //')" dynomatic_plugin
ok 'make distcheck works, with a prefix of its own' make -s distcheck
sed -i 's/\[0\.1\]/[999]/' configure.ac
autoreconf --warnings=none
has 'a dynomatic that is too old is refused' "$(./configure -q 2>&1)" 'dynomatic >= 999'
tap_end
