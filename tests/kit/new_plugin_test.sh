#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dynomatic new-plugin: the projects that it makes are whole, and work at once. (tests/build/kit_test.sh does
# the same against an installed dynomatic.)
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
needs cc 'it builds the projects'
needs c++ 'it builds the projects'
needs pkg-config 'it tells where the headers are'
export PKG_CONFIG_PATH=$top_builddir/include # dynomatic-uninstalled.pc
export DYNOMATIC_EXAMPLES=$top_srcdir/examples PATH=$top_builddir:$PATH
unset DYNOMATIC_PLUGIN_PATH MAKEFLAGS MFLAGS MAKELEVEL CC CXX
cd "$scratch" || exit

for kind in queue scaler; do
  for lang in c c++; do
    name=my-$kind-${lang//+/p}
    what="a $kind in $lang"
    said=$(dynomatic new-plugin $name --kind $kind --lang $lang 2>&1)
    has "$what: what to do next is said" "$said" "Now: cd $name && make check"
    is "$what: its files are told" "$(head -n -2 <<<"$said" | LC_ALL=C sort)" "$(find $name -type f | LC_ALL=C sort)"
    is "$what: nothing is left to fill in" "$(grep -rnE '@[A-Z]+@' $name)" ''
    is "$what: each file has a licence line" "$(grep -rLE 'SPDX-License-Identifier: MIT|Licence: MIT' $name)" ''
    ok "$what: make builds it without a warning" make -s -C $name CFLAGS='-Wall -Wextra -Werror' CXXFLAGS='-Wall -Wextra -Werror'
    report=$(make -s -C $name check 2>&1)
    is "$what: make check passes" "$? $(grep -c ' passed, 0 failed, ' <<<"$report")" '0 1'
    is "$what: it has nothing that is of use skipped" \
      "$(sed -n 's/^ok [0-9]* - \([a-z_]*\):.*# SKIP.*/\1/p' <<<"$report" | grep -v allocations)" hidden
    ok "$what: make install" make -s -C $name install plugindir="$scratch/lib"
    has "$what: the host finds it" "$(DYNOMATIC_PLUGIN_PATH=$scratch/lib dynomatic plugins $name)" "$scratch/lib/$name.so"
    ok "$what: make uninstall" make -s -C $name uninstall plugindir="$scratch/lib"
    ok "$what: make clean" make -s -C $name clean
    is "$what: that leaves what was written" "$(find $name -type f | wc -l)" "$(head -n -2 <<<"$said" | wc -l)"
  done
done
is 'an adapter has states to measure' "$(ls my-queue-c)" 'Makefile
README.md
my-queue-c.c
states.yml
test.sh'

# ---- Not made ----

refused() { # what, words, arguments
  local what=$1 words=$2
  shift 2
  has "$what" "$(dynomatic new-plugin "$@" 2>&1; echo "status $?")" "$words"
}
echo mine >my-queue-c/my-queue-c.c
refused 'what is there is not overwritten' 'cannot make ./my-queue-c: File exists' my-queue-c --kind queue
is 'and stays' "$(cat my-queue-c/my-queue-c.c)" mine
refused 'a file of that name neither' 'File exists' lib --kind queue
refused 'no kind' '--kind is missing: queue or scaler' mine
refused 'another kind' '--kind is queue or scaler' mine --kind que
refused 'another language' '--lang c or c++' mine --kind queue --lang pascal
refused 'no name' 'no name is given' --kind queue
refused 'two names' 'one name is enough' mine yours --kind queue
for name in Mine ../mine 'my plugin' 1st ''; do
  refused "the name \"$name\"" 'is not lower case letters' "$name" --kind queue
done
refused 'that is a mistake of usage' 'status 2' Mine --kind queue
dynomatic new-plugin --help >/dev/full 2>"$scratch/said"
is 'help that cannot be written is a failure' $? 1
DYNOMATIC_EXAMPLES=$scratch/none refused 'examples that are not there' "cannot read $scratch/none/spool.c" mine --kind queue
is 'and then nothing is made' "$([ -e mine ] || echo none)" none
tap_end
