#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The examples as their reader uses them: copied, built by the line that they show with nothing but the
# public headers, named in a file by their path.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
needs cc 'the examples are built with it'
needs pkg-config 'it tells where the headers are'
export PKG_CONFIG_PATH=$top_builddir/include # dynomatic-uninstalled.pc
cd "$scratch" || exit
mkdir jobs sizes mail
cp "$top_srcdir"/examples/*.{c,cc,rs} .

# What an example's first comment shows: the line that begins so, joined with the next after a backslash.
shown() { # example, how the line begins
  sed -En '/\\$/{N;s/ \\\n(\/\/| \*) */ /};'"s/^( \*|\/\/)     ($2.*)/\2/p" "$1"
}
dynomatic() { "$top_builddir/dynomatic" -c dynomatic.yml "$@" 2>&1; }

for example in spool.c files.c folder.cc sizes.cc maildir.rs; do
  build=$(shown $example '(cc|c\+\+|rustc) ')
  if ! command -v "${build%% *}" >/dev/null; then
    tap_line true "$example is built by its compiler # SKIP ${build%% *} is not installed"
    continue
  fi
  has "$example shows how it is built" "$build" "${example%.*}.so"
  ok "and that works: $build" sh -c "$build"
  has "the host knows it" "$("$top_builddir/dynomatic" plugins "./${example%.*}.so")" "/${example%.*}.so"
  is "$example exports its descriptor and nothing else" \
    "$(nm -D --defined-only "${example%.*}.so" | sed 's/^[0-9a-f]* [A-Z] //')" dynomatic_plugin
done

# The manual's example: what stands after .SH EXAMPLE, between .EX and .EE.
sed -n '/^\.SH EXAMPLE/,/^\.SH FILES/{/^\.EX/,/^\.EE/{/^\.E[XE]/d;s/\\e/\\/g;p}}' \
  "$top_srcdir/include/dynomatic-plugin.3" >lines.c
ok 'the example of the manual page is built' \
  cc -Wall -Wextra -Werror -I "$top_srcdir/include" -shared -fPIC lines.c -o lines.so
printf 'one\ntwo\n' >jobs.txt
printf '%s\n' 'queue: { adapter: ./lines.so, path: jobs.txt }' 'scaler: { backend: ./files.so, folder: sizes }' \
  'rules: [{ at_least: 1, dynos: 1 }]' 'pools: { mail: }' >lines.yml
is 'and counts' "$("$top_builddir/dynomatic" -c lines.yml count --json | jq -r '.[0].waiting')" 2

{
  shown spool.c 'queue:' | sed "s|/var/spool/jobs|$scratch/jobs|"
  shown files.c 'scaler:' | sed "s|/var/lib/sizes|$scratch/sizes|"
  echo 'rules: [{ at_least: 1, dynos: 1 }, { at_least: 3, dynos: 2 }]'
  echo 'pools: { mail: { queues: [mail] }, rest: { queues: [pdf, zip] }, all: {} }'
} >dynomatic.yml
touch jobs/mail.1 jobs/mail.2 jobs/mail.3 jobs/pdf.1 jobs/.hidden
mkdir jobs/folder
for pool in mail rest all; do echo 0 >sizes/$pool; done

ok 'a file as they show it is good' dynomatic check
waiting() { dynomatic count | tr -s ' ' | cut -d ' ' -f 1,3 | sed -n "s/^$1 //p"; }
is 'a queue is counted' "$(waiting mail)" 3
is 'several queues are counted together' "$(waiting rest)" 1
is 'all are counted where none is named' "$(waiting all)" 4
ok 'one cycle works' dynomatic once
is 'and sets the sizes' "$(cat sizes/mail sizes/rest sizes/all | tr '\n' ' ')" '2 1 2 '
rm sizes/rest
has 'a pool that the back-end lacks is told' "$(dynomatic check --connect)" \
  "$scratch/sizes/rest: No such file or directory"
rm -r jobs
has 'a folder that is gone is no zero' "$(dynomatic count)" "cannot open $scratch/jobs: No such file or directory"
dynomatic once >"$scratch/said"
is 'and changes no size' "$(cat sizes/mail sizes/all | tr '\n' ' ')" '2 2 '

# ---- Other languages ----

# The C adapter counts for the back-end in C++.
mkdir jobs
touch jobs/mail.1 jobs/mail.2 jobs/mail.3
{
  shown spool.c 'queue:' | sed "s|/var/spool/jobs|$scratch/jobs|"
  shown sizes.cc 'scaler:' | sed "s|/var/lib/sizes|$scratch/table|"
  echo 'rules: [{ at_least: 1, dynos: 1 }, { at_least: 3, dynos: 2 }]'
  echo 'pools: { mail: { queues: [mail] }, pdf: { queues: [pdf] } }'
} >dynomatic.yml
printf 'other 7\npdf 3\nmail 0\n' >table
ok 'C++: one cycle works' dynomatic once
is 'C++: it sets the sizes of its pools, and no other' "$(cat table)" 'mail 2
other 7
pdf 0'
number=$(stat -c %i table)
ok 'C++: another cycle works' dynomatic once
is 'C++: what is so already is not written again' "$(stat -c %i table)" "$number"
printf 'mail 0\n' >table
has 'C++: a pool that the file lacks is told' "$(dynomatic check --connect)" "no line \"pdf\" in $scratch/table"
printf 'mail many\n' >table
has 'C++: a line without a size is a failure' "$(dynomatic check --connect)" "no size after \"mail\" in $scratch/table"
is 'C++: and changes nothing' "$(dynomatic once >"$scratch/said"; cat table)" 'mail many'

if [ -e maildir.so ]; then
  {
    shown maildir.rs 'queue:' | sed "s|/var/mail/jobs|$scratch/mail|"
    shown files.c 'scaler:' | sed "s|/var/lib/sizes|$scratch/sizes|"
    echo 'rules: [{ at_least: 1, dynos: 1 }, { at_least: 3, dynos: 2 }]'
    echo 'pools: { mail: { queues: [letters] }, rest: { queues: [pdf, zip] }, all: {} }'
  } >dynomatic.yml
  mkdir -p mail/new mail/.letters/{new,cur} mail/.pdf/new
  touch mail/new/1 mail/.letters/new/{1,2,3} mail/.letters/cur/4 mail/.pdf/new/1 mail/.index
  touch -d '2 minutes ago' mail/.pdf/new/1
  echo 0 >sizes/rest
  is 'Rust: a queue is counted' "$(waiting mail)" 3
  is 'Rust: several queues are counted together' "$(waiting rest)" 1
  is 'Rust: all are counted where none is named' "$(waiting all)" 5
  ok 'Rust: the age of the oldest is told' \
    jq -e '.[2].latency_ms >= 120000 and .[2].latency_ms < 1200000' <<<"$(dynomatic count --json)"
  ok 'Rust: counting stops at the cap' dynomatic once
  is 'Rust: and decides' "$(cat sizes/mail sizes/rest sizes/all | tr '\n' ' ')" '2 1 2 '
  rm -r mail/new
  has 'Rust: what is no Maildir is no zero' "$(dynomatic count)" "cannot read $scratch/mail/new: No such file or directory"
fi
tap_end
