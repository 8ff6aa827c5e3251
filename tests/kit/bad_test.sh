#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each check can fail: the plugins of the folder "bad" have one fault each and name the checks that see it.
# No other check may, and no check may be without such a plugin.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
cc=${CC:-cc}
needs "${cc%% *}" 'it makes the plugins'
check() { "$top_builddir/dynomatic" check-plugin --limit 3s --name worker "$@"; }
failed() { sed -n 's/^not ok [0-9]* - \([a-z_]*\):.*/\1/p' "$1" | tr '\n' ' '; }

build() { # source
  # shellcheck disable=SC2086 # CC may hold flags
  $cc -std=gnu11 -shared -fPIC -fvisibility=hidden -Wl,-z,lazy -I "$top_srcdir/include" \
    "-DFILE_NAME=\"$(basename "$1" .c)\"" "$1" -o "$scratch/$(basename "$1" .c).so"
}

run() { # source: its report, what it says besides, its exit status
  local name
  name=$(basename "$1" .c)
  build "$1" >"$scratch/$name.said" 2>&1
  check "$scratch/$name.so" >"$scratch/$name.report" 2>>"$scratch/$name.said"
  echo $? >"$scratch/$name.status"
}

# They wait more than they work.
export top_builddir top_srcdir scratch cc
export -f run build check
printf '%s\0' "$top_srcdir"/tests/kit/bad/*.c | xargs -0 -n 1 -P 8 bash -c 'run "$1"' -

seen=' '
for source in "$top_srcdir"/tests/kit/bad/*.c; do
  name=$(basename "$source" .c)
  report=$scratch/$name.report
  wanted=$(sed -n 's/^ \* Fails: *//p' "$source")
  if grep -q 'built with a sanitizer' "$report" && [[ $wanted == allocations || $name == leak_memory ]]; then
    : # not to be told there; the build without sanitizers has it
  else
    is "$name fails: ${wanted:-nothing}" "$(failed "$report")" "${wanted:+$wanted }"
    is "$name: the exit status" "$(cat "$scratch/$name.status")" "$([ -z "$wanted" ] && echo 0 || echo 1)"
  fi
  is "$name: nothing is said on standard error" "$(cat "$scratch/$name.said")" ''
  seen+="$wanted "
done

chmod 777 "$scratch/good.so"
check "$scratch/good.so" >"$scratch/report"
is 'a file that all may write fails: file' "$(failed "$scratch/report")" 'file load '
chmod 755 "$scratch/good.so"
seen+='file '

for name in $(check --list | cut -d ' ' -f 1); do
  case $seen in *" $name "*) truth=true ;; *) truth=false ;; esac
  tap_line $truth "a bad plugin fails $name"
done
is 'the manual page has all of them' \
  "$(sed -n '/^Check\t/,/^\.TE/{/^T}/d; s/\tT{$//; /^Check\t/d; /^\.TE/d; p}' "$top_srcdir/include/dynomatic-plugin.3")" \
  "$(check --list | sed -E 's/^([a-z_]+) +(.*)\.$/\1\n\2/')"

# ---- What is said of a fault ----

said() { check "$scratch/$1.so" --only "$2" 2>&1; } # plugin, check
has 'a crash is told' "$(said many_crashes many)" '# it crashed in measure() of 10000: Aborted'
has 'a hang is told' "$(said many_hangs many)" '# it did not come back from measure() of 10000 within 3 s'
has 'an end of the process is told' "$(said many_exits many)" \
  '# it ended the process in measure() of 10000, with the exit status 3'
has 'what it printed is told' "$(said prints prints)" '# counting'
has 'a system call is told' "$(said open_reads open_io)" '# it made the system call openat()'
has 'a symbol is told' "$(said exports symbol)" '# it exports helper too'
has 'a missing library is told' "$(said borrows complete)" '# it uses lt_dlerror, which no library has'

# ---- The command line ----

usage() { # what, words that it says, arguments
  local what=$1 words=$2
  shift 2
  has "$what" "$("$top_builddir/dynomatic" check-plugin "$@" 2>&1; echo "status $?")" "$words"
}
is '--only runs what it names' "$(said good open,many | sed -n 's/^ok . - \([a-z]*\):.*/\1/p' | tr '\n' ' ')" 'open many '
is '--skip leaves out what it names' "$(check "$scratch/prints.so" --only file,prints --skip prints)" "1..2
ok 1 - file: Nobody but root and the user can replace the file
ok 2 - prints: It writes nothing to standard output or error # SKIP as --skip says
# $scratch/prints.so: 1 passed, 0 failed, 1 skipped"
usage '--only of no check' 'there is no check "opn"; did you mean "open"?' --only opn "$scratch/good.so"
usage 'an option that it does not have' 'unknown key "nubmer"; did you mean "number"?' -o nubmer=1 "$scratch/good.so"
usage 'an option outside of its limits' 'number must be from 0 to 9' --option number=10 "$scratch/good.so"
usage 'that is a mistake of usage' 'status 2' --option number=10 "$scratch/good.so"
has 'an option that is missing' "$("$top_builddir/dynomatic" check-plugin "$top_builddir/examples/.libs/spool.so" --only name,open)" \
  'ok 2 - open: open() makes an instance, or says why not # SKIP --option:1:1: path is missing (the folder'
usage 'an option without a value' '--option number is not KEY=VALUE' --option number "$scratch/good.so"
usage 'no file' 'no plugin is named' --limit 5s
usage 'two files' 'one word too many' "$scratch/good.so" "$scratch/late.so"
usage 'a file that is not there' "plugin \"$scratch/none.so\" not found" "$scratch/none.so"
usage 'a limit that is none' 'is not a duration from 1s to 10m' --limit 1 "$scratch/good.so"
has 'its options stand behind the command' "$("$top_builddir/dynomatic" -v check-plugin "$scratch/good.so" 2>&1)" \
  'check-plugin takes its options behind it, and none before'
mkdir "$scratch/alone"
cp "$top_builddir/dynomatic" "$scratch/alone"
has 'a program that is not there is told' "$("$scratch/alone/dynomatic" check-plugin --list 2>&1; echo "status $?")" \
  "cannot run $scratch/alone/dynomatic-check-plugin: No such file or directory; is it installed beside dynomatic?
status 1"
for words in --help --list "$scratch/good.so"; do
  "$top_builddir/dynomatic" check-plugin --only name "$words" >/dev/full 2>"$scratch/said"
  is "a full disk is told by the exit status: ${words##*/}" $? 1
done
has_not 'a secret is not shown' "$("$top_builddir/dynomatic" check-plugin -o password='"a: hidden' "$scratch/good.so" 2>&1)" hidden
tap_end
