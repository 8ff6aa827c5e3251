#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/tutorial.md does what it says: each fenced block of commands ("sh") is run, in order, in an empty
# folder and with an installed dynomatic ("make installed"). The block of "text" after it is what the commands print,
# "..." standing for what differs; without one they print nothing. "sh fails" marks commands that must fail.
. "$top_srcdir/tests/support/tap.sh"
prefix=$top_builddir/installed/prefix
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig PATH=$prefix/bin:$PATH NO_COLOR=1
rm -f "$prefix"/lib/dynomatic/*
unset DYNOMATIC_PLUGIN_PATH MAKEFLAGS MFLAGS MAKELEVEL
mkdir "$scratch/blocks" "$scratch/home"
echo "$scratch/home" >"$scratch/where"

# Each block becomes a file: 01.sh, 02.text, ...
awk -v folder="$scratch/blocks" '
  /^```[a-z]/ { kind = substr($0, 4); sub(/ /, "-", kind); file = sprintf("%s/%02d.%s", folder, ++n, kind)
                printf "" >file; heading[n] = title; print title >(file ".title"); next }
  /^```/ { file = ""; next }
  file != "" { print >file }
  file == "" && /^#/ { title = $0; sub(/^#+ /, "", title) }
' "$top_srcdir/docs/tutorial.md"

# The commands run in the folder that those before them went to.
run() { # block: prints what it prints, with its last folder noted
  (
    cd "$(cat "$scratch/where")" || exit
    # shellcheck disable=SC2016 # the inner shell expands it
    bash -euo pipefail -c '. "$1" && pwd >"$2"' - "$1" "$scratch/where" 2>&1
  )
}
like() { # text, pattern with "..."
  local pattern
  pattern=$(sed 's/[][\\*?]/\\&/g; s/\.\.\./*/g' <<<"$2")
  # shellcheck disable=SC2053 # it is a pattern
  [[ $1 == $pattern ]]
}

n=0
for block in "$scratch"/blocks/*.sh "$scratch"/blocks/*.sh-fails; do
  [ -e "$block" ] && echo "$block"
done | sort >"$scratch/order"
while read -r block; do
  n=$((n + 1))
  number=${block##*/}
  number=${number%%.*}
  shown=$scratch/blocks/$(printf '%02d' $((10#$number + 1))).text
  name="$(cat "$block.title"): $(head -n 1 "$block")"
  said=$(run "$block")
  status=$?
  case $block in
    *-fails) is "$name: fails" "$([ $status != 0 ] && echo yes)" yes ;;
    *) is "$name" "$status $([ $status = 0 ] || echo "$said")" '0 ' ;;
  esac
  wanted=$([ -e "$shown" ] && cat "$shown")
  if like "$said" "$wanted"; then
    tap_line true "and prints what is shown"
  else
    is "and prints what is shown" "$said" "$wanted"
  fi
done <"$scratch/order"
ok 'there are commands' [ "$n" -gt 5 ]

# What it writes piece by piece is the example that is installed, without its first comment.
code() { sed '1,/^ \*\/$/d' "$1"; }
is 'the adapter of the tutorial is examples/spool.c' \
  "$(diff <(code "$prefix/share/dynomatic/examples/spool.c") <(code "$(cat "$scratch/where")/spool.c"))" ''
tap_end
