#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What was released keeps working: the contract of today has only grown since each release, the plugins
# of that release run in today's host, and today's plugins in its. See docs/abi.md and freeze.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
cc=${CC:-cc}
needs "${cc%% *}" 'it makes the plugins'
abi=$top_srcdir/tests/abi
include=$top_srcdir/include
cd "$scratch" || exit

build() { # include folder, more: files and flags. Without warnings: compilers learn, old sources do not
  # shellcheck disable=SC2086 # CC may hold flags
  $cc -std=gnu11 -I "$@"
}

# ---- The description ----

differ() { # description, object: what libabigail has to say
  abidiff --no-architecture --leaf-changes-only --harmless "$1" "$2" 2>&1
}
# The header's own list of changes.
changes() { sed -n '/^ \* Changes, newest first/,/^ \*\//p' "$1/dynomatic/plugin.h"; } # include folder
tells() { # description, object, include folder of it, include folder of the description
  differ "$1" "$2" >"$scratch/difference" || [ "$(changes "$3")" != "$(changes "$4")" ]
}

# What libabigail has to say of an object, without what the contract allows: a table that grew at its
# end. No struct has gaps, so a member that is put in elsewhere moves others, which is told.
complaints() { # description, object
  local tables='(host|call|option|queue|scaler|plugin)' report status
  report=$(differ "$1" "$2")
  status=$?
  [ $((status & ~12)) = 0 ] || echo "abidiff ended with status $status"
  grep -vE "^$|^(Leaf changes|Changed leaf types|Removed/Changed/Added (functions|variables)) summary: |^'struct dyn_$tables' changed:$|^  type size changed from [0-9]+ to [0-9]+ \(in bits\)$|^  [0-9]+ data member insertions?:$|^    '.*', at offset [0-9]+ \(in bits\) at plugin.h:[0-9:]+$" \
    <<<"$report"
}

# The contract of today with one change, as an object.
changed() { # sed script
  mkdir -p changed/dynomatic
  sed "$1" "$include/dynomatic/plugin.h" >changed/dynomatic/plugin.h
  ! cmp -s "$include/dynomatic/plugin.h" changed/dynomatic/plugin.h &&
    "$abi/freeze" --describe "$scratch/changed" "$scratch/changed.so" >changed.abi
}
sees() { # what, part of the complaint, sed script
  ok "$1 can be tried" changed "$3"
  has "$1 is seen" "$(complaints today.abi changed.so)" "$2"
}
allows() { # what, sed script
  ok "$1 can be tried" changed "$2"
  is "$1 is allowed" "$(complaints today.abi changed.so)" ''
}
at_end() { echo "/^struct $1 {/,/^};/s/^};/    $2\n};/"; } # struct, member
at_start() { echo "/^struct $1 {/s/\$/\n    $2/"; }

has_described=no
if ! command -v abidiff >/dev/null; then
  tap_line true 'the contract has only grown # SKIP abidiff is missing (abigail-tools)'
elif [ "$(getconf LONG_BIT)" != 64 ]; then
  tap_line true 'the contract has only grown # SKIP the descriptions are of 64 bits'
else
  has_described=yes
  "$abi/freeze" --describe "$include" "$scratch/today.so" >today.abi
  is 'the description has every struct of the contract' \
    "$(grep -oE "class-decl name='dyn_[a-z]+'" today.abi | cut -d "'" -f 2 | sort -u)" \
    "$(sed -n 's/^struct \(dyn_[a-z]*\) {$/\1/p' "$include/dynomatic/plugin.h" | sort)"
  sees 'a member that moved' "'uint32_t n_options' offset changed" \
    '/uint32_t n_options;/d; s/^ *uint32_t option_size;.*/&\nuint32_t n_options;/'
  sees 'a member at the start' 'offset changed' "$(at_start dyn_queue 'void *newest;')"
  sees 'a member that is gone' 'data member deletion' '/int64_t deadline_ns/d'
  sees 'a last member that is gone' 'data member deletion' '/(\*log)/d'
  sees 'a member of another type' "of 'dyn_call::deadline_ns' changed" 's/int64_t deadline_ns/uint64_t deadline_ns/'
  sees 'a member of another name' "name of 'dyn_change::n_keep' changed" 's/uint32_t n_keep/uint32_t n_kept/'
  sees 'another argument' "of 'dyn_scaler::limit' changed" 's/(\*limit)(void \*self,/& int32_t more,/'
  sees 'a longer struct of an array' 'dyn_group' "$(at_end dyn_group 'void *newest;')"
  for table in host call option queue scaler plugin; do
    allows "a longer dyn_$table" "$(at_end dyn_$table 'void *newest;\n    void *newer;')"
  done
  is 'one that is not in the list of changes is seen' "$(tells today.abi changed.so changed "$include" || echo seen)" seen

  mkdir -p copy/tests
  cp -R "$top_srcdir/include" "$top_srcdir/examples" copy/
  cp -R "$abi" copy/tests/
  chmod -R u+w copy
  ok 'a release is kept by a command' copy/tests/abi/freeze 99.1
  is 'with all that its tests need' "$(cd copy/tests/abi/released/99.1 && find . -type f | LC_ALL=C sort | tr '\n' ' ')" \
    './contract.abi ./dynomatic/plugin.h ./dynomatic/util.h ./files.c ./host.c ./spool.c '
  is 'and never overwritten' "$(copy/tests/abi/freeze 99.1 2>"$scratch/said" || echo refused)" refused
fi

# ---- Each release ----

ok 'a plugin of today is built' build "$include" -shared -fPIC -DNAME='"mixed"' "$abi/mixed.c" -o mixed.so
for folder in "$abi"/released/*/; do
  version=$(basename "$folder")
  mkdir "$version" "$version/sizes" "$version/jobs"
  if [ $has_described = yes ]; then
    "$abi/freeze" --describe "$folder" "$scratch/$version/contract.so" >"$version/contract.abi"
    is "$version: its description is that of its header" "$(complaints "$folder/contract.abi" "$version/contract.so")" ''
    is "$version: since then the contract has only grown" "$(complaints "$folder/contract.abi" today.so)" ''
    ok "$version: and the header lists what was added" tells "$folder/contract.abi" today.so "$include" "$folder"
  fi
  for plugin in spool files; do
    ok "$version: its $plugin is built with its header" \
      build "$folder" -shared -fPIC "$folder/$plugin.c" -o "$version/$plugin.so"
  done
  touch "$version"/jobs/mail.{1,2,3}
  echo 0 >"$version/sizes/mail"
  cat >"$version/dynomatic.yml" <<END
queue:  { adapter: "$scratch/$version/spool.so", path: "$scratch/$version/jobs" }
scaler: { backend: "$scratch/$version/files.so", folder: "$scratch/$version/sizes" }
rules: [{ at_least: 3, dynos: 2 }]
pools: { mail: { queues: [mail] } }
END
  ok "$version: its plugins work in the host of today" "$top_builddir/dynomatic" -c "$version/dynomatic.yml" once
  is "$version: and set the size" "$(cat "$version/sizes/mail")" 2
  ok "$version: its host is built" build "$folder" "$folder/host.c" -o "$version/host" -ldl
  is "$version: and runs a plugin of today" "$("$version/host" ./mixed.so | head -n 1)" \
    'waiting 3 retrying 4 deadline 1 late 1 newest 0'
done
tap_end
