#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Plugins and hosts of different ages, and of another language, work together: each uses what both know.
# The headers of other ages are made of today's: an older one by leaving members out at the end of its
# tables, a newer one by adding some there.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
cc=${CC:-cc}
cxx=${CXX:-c++}
needs "${cc%% *}" 'it makes the plugins'
abi=$top_srcdir/tests/abi
header=$top_srcdir/include/dynomatic/plugin.h
mkdir -p "$scratch"/{older,today,newer}/dynomatic "$scratch/plugins"

cp "$header" "$scratch/today/dynomatic/"
# Leaves out a struct's members from the named one on, keeping its end.
without() { # struct, member
  sed "/^struct $1 {/,/^};/{/[ *(]$2[;)]/,/^};/{/^};/!d}}"
}
# Puts a member at the end of a struct.
with() { # struct, member
  sed "/^struct $1 {/,/^};/{s/^};/    $2\\n};/}"
}
without dyn_host put_worker <"$header" | without dyn_call deadline_ns | without dyn_queue detect |
  without dyn_scaler limit | without dyn_plugin scaler >"$scratch/older/dynomatic/plugin.h"
with dyn_host 'int32_t (*newest)(void);' <"$header" | with dyn_call 'int64_t newest;' |
  with dyn_option 'const char *newest;' |
  with dyn_queue 'int32_t (*newest)(void *self, const struct dyn_call *call);' |
  with dyn_scaler 'int32_t (*newest)(void *self);' |
  with dyn_plugin 'const void *newest;' >"$scratch/newer/dynomatic/plugin.h"

build() { # age, what else: files and flags
  local age=$1
  shift
  # shellcheck disable=SC2086 # CC may hold flags
  $cc -std=gnu11 -Wall -Wextra -Werror -D"${age^^}" -DNAME="\"$age\"" -I "$scratch/$age" "$@"
}

for age in older today newer; do
  ok "a plugin can be built against the header: $age" \
    build "$age" -shared -fPIC "$abi/mixed.c" -o "$scratch/plugins/$age.so"
  ok "and a host" build "$age" "$abi/mixed_host.c" -o "$scratch/host_$age" -ldl
done
sizes() { # age: of host, call, option, queue, scaler, plugin
  echo '#include <dynomatic/plugin.h>
    #include <stdio.h>
    #define SIZE(what) (int)sizeof(struct dyn_##what)
    int main(void) {
      printf("%d %d %d %d %d %d\n", SIZE(host), SIZE(call), SIZE(option), SIZE(queue), SIZE(scaler), SIZE(plugin));
    }' >"$scratch/sizes.c"
  build "$1" "$scratch/sizes.c" -o "$scratch/sizes" && "$scratch/sizes"
}
if [ "$(getconf LONG_BIT)" = 64 ]; then
  is 'an older header has shorter tables' "$(sizes older)" '32 8 56 16 24 88'
  is 'the tables of today' "$(sizes today)" '72 16 56 48 40 96'
  is 'a newer header has longer ones' "$(sizes newer)" '80 24 64 56 48 104'
fi

mixes() { # age of the host, age of the plugin, what is put, what is common
  is "a host ($1) with a plugin ($2)" "$("$scratch/host_$1" "$scratch/plugins/$2.so" 2>&1)" \
    "waiting 3 retrying 4 $3
$4"
}
mixes older older 'deadline 0 late 0 newest 0' 'measure 1'
mixes older today 'deadline 0 late 0 newest 0' 'measure 1'
mixes older newer 'deadline 0 late 0 newest 0' 'measure 1'
mixes today older 'deadline 0 late 0 newest 0' 'measure 1 detect 0 scaler 0'
mixes today today 'deadline 1 late 1 newest 0' 'measure 1 detect 1 scaler 0'
mixes today newer 'deadline 1 late 1 newest 0' 'measure 1 detect 1 scaler 0'
mixes newer older 'deadline 0 late 0 newest 0' 'measure 1 detect 0 scaler 0 newest 0 0'
mixes newer today 'deadline 1 late 1 newest 0' 'measure 1 detect 1 scaler 0 newest 0 0'
mixes newer newer 'deadline 1 late 1 newest 1' 'measure 1 detect 1 scaler 0 newest 1 1'

# ---- The real host ----

# The scaler of the file is never asked: count only measures.
$cc -std=gnu11 -shared -fPIC -DNAME='"scaler"' -I "$top_srcdir/include" "$abi/template.c" \
  -o "$scratch/plugins/scaler.so"
count() { # options of the queue: the line of its numbers
  printf 'queue: { %s }\nscaler: { backend: "%s" }\nrules: [{ at_least: 1, dynos: 1 }]\n' \
    "$1" "$scratch/plugins/scaler.so" >"$scratch/dynomatic.yml"
  "$top_builddir/dynomatic" -c "$scratch/dynomatic.yml" count --all 2>&1 | tail -n +2 | tr -s ' ' | cut -d ' ' -f 3-
}
answer() { count "adapter: \"$scratch/plugins/$1.so\""; }
is 'dynomatic runs an older plugin' "$(answer older)" '3 ? 0 0 4 0 ?'
is 'dynomatic runs one of today' "$(answer today)" '3 ? 1 1 4 0 ?'
is 'dynomatic runs a newer plugin' "$(answer newer)" '3 ? 1 1 4 0 ?'
has 'with its options, whose rows are longer' \
  "$(count "adapter: \"$scratch/plugins/newer.so\", first: 7, last: 9")" '7 ? 1 1 9 0 ?'

# ---- Another language ----

if command -v "${cxx%% *}" >/dev/null; then
  for standard in c++11 c++14 c++17 c++20; do
    # shellcheck disable=SC2086 # CXX may hold flags
    ok "a plugin can be written in C++: $standard" $cxx "-std=$standard" -Wall -Wextra -pedantic -Werror \
      -shared -fPIC -I "$top_srcdir/include" "$abi/cpp.cc" -o "$scratch/plugins/cpp.so"
    is "and dynomatic runs it: $standard" \
      "$(count "adapter: \"$scratch/plugins/cpp.so\", words: [mail, images]")" '10 ? ? ? ? ? ?'
  done
  has 'an exception becomes a failure of the call' \
    "$(count "adapter: \"$scratch/plugins/cpp.so\", words: ['!']")" 'the words cannot be counted: '
else
  tap_line true "a plugin can be written in C++ # SKIP $cxx is not installed"
fi
tap_end
