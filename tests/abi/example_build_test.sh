#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The examples as their reader uses them: copied, built by the line that they show with nothing but the
# public headers, named in a file by their path.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
needs cc 'the examples are built with it'
cd "$scratch" || exit
mkdir examples jobs sizes
cp -R "$top_srcdir/include" .
cp "$top_srcdir/examples/spool.c" "$top_srcdir/examples/files.c" examples/

shown() { sed -n "s/^ \*     \($2.*\)/\1/p" "examples/$1.c"; } # example, how the line begins
dynomatic() { "$top_builddir/dynomatic" -c dynomatic.yml "$@" 2>&1; }

for example in spool files; do
  is "$example.c shows how it is built" "$(shown $example 'cc ' | wc -l)" 1
  ok "and that works: $(shown $example 'cc ')" sh -c "$(shown $example 'cc ')"
  has "the host knows it" "$("$top_builddir/dynomatic" plugins ./$example.so)" "/$example.so"
done

# The manual's example: what stands after .SH EXAMPLE, between .EX and .EE.
sed -n '/^\.SH EXAMPLE/,/^\.SH FILES/{/^\.EX/,/^\.EE/{/^\.E[XE]/d;s/\\e/\\/g;p}}' \
  "$top_srcdir/include/dynomatic-plugin.3" >lines.c
ok 'the example of the manual page is built' cc -Wall -Wextra -Werror -I include -shared -fPIC lines.c -o lines.so
printf 'one\ntwo\n' >jobs.txt
printf '%s\n' 'queue: { adapter: ./lines.so, path: jobs.txt }' 'scaler: { backend: ./files.so, folder: sizes }' \
  'rules: [{ at_least: 1, dynos: 1 }]' 'pools: { mail: }' >lines.yml
is 'and counts' "$("$top_builddir/dynomatic" -c lines.yml count --json | jq -r '.[0].waiting')" 2

{
  shown spool 'queue:' | sed "s|/var/spool/jobs|$scratch/jobs|"
  shown files 'scaler:' | sed "s|/var/lib/sizes|$scratch/sizes|"
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
tap_end
