#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every manual page is sound, and every page that one refers to is there.
. "$top_srcdir/tests/support/tap.sh"
needs mandoc 'it reads the manual pages'
needs man 'it reads the manual pages as people do'

cd "$top_srcdir" || exit 1
mapfile -t pages < <(find core include plugins tests -name '*.[1-8]' | LC_ALL=C sort)

sound() { # page: mandoc finds no fault from warnings upward
  mandoc -T lint -W warning "$1"
}
shows() { # page: man itself complains of nothing
  local complaints
  complaints=$(LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z "$1" 2>&1 >/dev/null)
  printf '%s\n' "$complaints"
  [ -z "$complaints" ]
}
# Pages of ours that it refers to, as \fBname\fR(n) or .BR name (n) or .Xr name n.
referred() { # page
  grep -oE '(\\fB|\.BR |\.Xr )dynomatic[a-z.\\-]*(\\fR)?( ?\(| )[1-8]' "$1" |
    sed -E 's/^(\\fB|\.BR |\.Xr )//; s/\\fR//; s/\\//g; s/[ (]+/./' | sort -u
}

is 'there are manual pages' "$([ ${#pages[@]} -gt 0 ] && echo some)" some
for page in "${pages[@]}"; do
  ok "$page is sound" sound "$page"
  ok "$page is shown without a warning" shows "$page"
  for other in $(referred "$page"); do
    ok "$page refers to $other, which is there" grep -q "/$other$" <(printf '%s\n' "${pages[@]}")
  done
done

# The page of the contract tells all that the headers have.
page=include/dynomatic-plugin.3
for function in $(sed -n 's/^.*(\*\([a-z_]*\))(.*/\1/p' include/dynomatic/plugin.h); do
  ok "$page tells of $function()" grep -q "^\.BI $function( " $page
done
uncalled=$(grep -B 1 '^are part of the contract and are not called yet' $page | head -n 1)
for function in measure detect watch workers read apply limit load open close; do
  called=$(grep -qE "(queue|scaler|table)(\.|->)$function\(" core/*.c && echo yes || echo no)
  has=$(grep -qw "$function" <<<"$uncalled" && echo no || echo yes)
  is "$page tells whether the host calls $function()" "$has" "$called"
done
for helper in $(sed -n 's/^static inline .* \**\(dyn_[a-z_]*\)(.*/\1/p' include/dynomatic/util.h | sort -u); do
  ok "$page has $helper()" grep -q "^\.B.*\<$helper\>" $page
done
tap_end
