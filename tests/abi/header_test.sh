#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The public headers, alone, under every language that is promised and every layout that differs; and
# the layout itself, pinned in layout.c.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
abi=$top_srcdir/tests/abi
include=$top_srcdir/include
strict=(-Wall -Wextra -pedantic -Wpadded -Wundef -Werror)
targets=(x86_64-linux-gnu i386-linux-gnu armv7-linux-gnueabihf aarch64-linux-gnu)

language_of() { case $1 in *++*) echo c++ ;; *) echo c ;; esac }

# The program that compiles a language: gcc and g++, clang and clang++.
program_of() {
  case $1,$2 in
    gcc,c++) echo g++ ;;
    clang,c++) echo clang++ ;;
    *) echo "$1" ;;
  esac
}

compile() { # compiler, standard, include folder, file, more arguments
  local language
  language=$(language_of "$2")
  "$(program_of "$1" "$language")" -x "$language" "-std=$2" "${strict[@]}" -I "$3" "$4" "${@:5}"
}

refuses() { # part of the reason, command
  local reason=$1 output
  shift
  if output=$("$@" 2>&1); then
    echo "it compiles"
    return 1
  fi
  case $output in *"$reason"*) ;; *) echo "$output"; return 1 ;; esac
}

# What a layout with a gap would look like, to prove that it would be seen.
gap=$scratch/gap
mkdir -p "$gap/dynomatic"
sed 's/^struct dyn_worker {$/&\n    char gap;/' "$include/dynomatic/plugin.h" >"$gap/dynomatic/plugin.h"
# And one with a member too many.
moved=$scratch/moved
mkdir -p "$moved/dynomatic"
sed 's/^struct dyn_change {$/&\n    const char *moved;/' "$include/dynomatic/plugin.h" >"$moved/dynomatic/plugin.h"

for compiler in gcc clang; do
  command -v "$compiler" >/dev/null && command -v "$(program_of "$compiler" c++)" >/dev/null || {
    tap_line true "the headers compile with $compiler # SKIP $compiler is not installed"
    continue
  }
  for standard in c99 c++11; do
    ok "a gap would be seen: $compiler -std=$standard" \
      refuses 'padding' compile "$compiler" "$standard" "$gap" "$abi/header.c" -fsyntax-only
  done
  for standard in c99 c11 c17 c2x c++11 c++14 c++17 c++20; do
    what="$compiler -std=$standard"
    ok "plugin.h alone: $what" compile "$compiler" "$standard" "$include" "$abi/header.c" -fsyntax-only
    [ "$standard" = c99 ] ||
      ok "the layout of ABI 1: $what" compile "$compiler" "$standard" "$include" "$abi/layout.c" -fsyntax-only
    gnu=gnu${standard#c}
    ok "util.h alone: $compiler -std=$gnu" \
      compile "$compiler" "$gnu" "$include" "$abi/util.c" -fsyntax-only
  done
done

if command -v clang++ >/dev/null; then
  for target in "${targets[@]}"; do
    there=("--target=$target" -ffreestanding -fsyntax-only)
    for standard in c99 c11 c17 c2x c++11 c++14 c++17 c++20; do
      what="$target -std=$standard"
      ok "plugin.h alone: $what" compile clang "$standard" "$include" "$abi/header.c" "${there[@]}"
      [ "$standard" = c99 ] ||
        ok "the layout of ABI 1: $what" compile clang "$standard" "$include" "$abi/layout.c" "${there[@]}"
    done
    for standard in c99 c++11; do
      ok "a gap would be seen: $target -std=$standard" \
        refuses 'padding' compile clang "$standard" "$gap" "$abi/header.c" "${there[@]}"
    done
    ok "a moved member would be seen: $target" \
      refuses 'offsetof(struct dyn_change, keep)' compile clang c11 "$moved" "$abi/layout.c" "${there[@]}"
  done
else
  tap_line true 'other targets # SKIP clang is not installed'
fi

# What including a header leaves in an object, and what it defines beside its own.
leaves() { # compiler, standard, file
  compile "$1" "$2" "$include" "$3" -c -o "$scratch/it.o" && nm "$scratch/it.o" 2>/dev/null
}
macros() { # file
  gcc -std=c99 -I "$include" -dM -E "$1" | sed 's/^#define \([A-Za-z0-9_]*\).*/\1/' | sort
}
printf '#include <stddef.h>\n#include <stdint.h>\n' >"$scratch/standard.c"
if command -v gcc >/dev/null && command -v g++ >/dev/null; then
  is 'plugin.h leaves nothing in an object of C' "$(leaves gcc c99 "$abi/header.c")" ''
  is 'plugin.h leaves nothing in an object of C++' "$(leaves gcc c++11 "$abi/header.c")" ''
  is 'util.h leaves nothing in an object of C' "$(leaves gcc gnu99 "$abi/util.c")" ''
  is 'util.h leaves nothing in an object of C++' "$(leaves gcc gnu++11 "$abi/util.c")" ''
  foreign=$(comm -13 <(macros "$scratch/standard.c") <(macros "$abi/header.c") | grep -v '^DYN')
  is 'plugin.h defines no macro but its own' "$foreign" ''
  has 'and those it does define' "$(macros "$abi/header.c")" DYN_HAS
  echo 'void leak(void) {}' >"$scratch/leak.c"
  has 'what is left in an object would be seen' "$(leaves gcc c99 "$scratch/leak.c")" leak
else
  tap_line true 'what the headers leave in an object # SKIP gcc is not installed'
fi
tap_end
