# SPDX-License-Identifier: MIT
# A page of docs does what it says: each of its fenced blocks of commands ("sh") is run, in order, in one
# folder. The block of "text" after it is what the commands print, "..." standing for what differs; without one they
# print nothing. "sh fails" marks commands that must fail. Source it after tap.sh.
#
#   page_runs FILE   a test of each block, in the folder $scratch/home at first; the last is in $scratch/where

# The commands run in the folder that those before them went to.
page_run() { # block: prints what it prints, with its last folder noted
  (
    cd "$(cat "$scratch/where")" || exit
    # shellcheck disable=SC2016 # the inner shell expands it
    bash -euo pipefail -c '. "$1" && pwd >"$2"' - "$1" "$scratch/where" 2>&1
  )
}
page_like() { # text, pattern with "..."
  local pattern
  pattern=$(sed 's/[][\\*?]/\\&/g; s/\.\.\./*/g' <<<"$2")
  # shellcheck disable=SC2053 # it is a pattern
  [[ $1 == $pattern ]]
}

page_runs() { # file
  local n=0 block number shown name said status wanted
  mkdir -p "$scratch/blocks" "$scratch/home"
  echo "$scratch/home" >"$scratch/where"
  # Each block becomes a file: 01.sh, 02.text, ...
  awk -v folder="$scratch/blocks" '
    /^```[a-z]/ { kind = substr($0, 4); sub(/ /, "-", kind); file = sprintf("%s/%02d.%s", folder, ++n, kind)
                  printf "" >file; heading[n] = title; print title >(file ".title"); next }
    /^```/ { file = ""; next }
    file != "" { print >file }
    file == "" && /^#/ { title = $0; sub(/^#+ /, "", title) }
  ' "$1"
  for block in "$scratch"/blocks/*.sh "$scratch"/blocks/*.sh-fails; do
    [ -e "$block" ] && echo "$block"
  done | sort >"$scratch/order"
  while read -r block; do
    n=$((n + 1))
    number=${block##*/}
    number=${number%%.*}
    shown=$scratch/blocks/$(printf '%02d' $((10#$number + 1))).text
    name="$(cat "$block.title"): $(head -n 1 "$block")"
    said=$(page_run "$block")
    status=$?
    case $block in
      *-fails) is "$name: fails" "$([ $status != 0 ] && echo yes)" yes ;;
      *) is "$name" "$status $([ $status = 0 ] || echo "$said")" '0 ' ;;
    esac
    wanted=$([ -e "$shown" ] && cat "$shown")
    if page_like "$said" "$wanted"; then
      tap_line true "and prints what is shown"
    else
      is "and prints what is shown" "$said" "$wanted"
    fi
  done <"$scratch/order"
  ok 'there are commands' [ "$n" -gt 4 ]
}
