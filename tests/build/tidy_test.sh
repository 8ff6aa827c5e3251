#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# clang-tidy finds nothing in what is installed. Its flags come from "make lint".
. "$top_srcdir/tests/support/tap.sh"
needs clang-tidy 'it reads the code'

cd "$top_builddir" || exit 1
export lint_flags=${lint_flags:-} scratch

tidy() { # file, as from the top of the source
  local report=$scratch/${1//\//_}
  # shellcheck disable=SC2086 -- the flags are words
  if clang-tidy --quiet "$top_srcdir/$1" -- -std=gnu11 $lint_flags >"$report" 2>"$report.err"; then
    : >"$report.good"
  else
    cat "$report.err" >>"$report"
  fi
}
export -f tidy

mapfile -t files < <(cd "$top_srcdir" && find core kit plugins examples tests/fake-heroku -name '*.c' | LC_ALL=C sort)
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'tidy "$1"' -
for file in "${files[@]}"; do
  report=$scratch/${file//\//_}
  [ -e "$report.good" ] && good=true || good=false
  tap_line $good "$file is tidy" "$(head -n 60 "$report")"
done
tap_end
