#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Configurations, and what becomes of each. A folder of cases/ is one of them:
#
#   dynomatic.yml  the file; or `make`, a bash script that makes it in the present folder
#   expected       what it means, or its mistakes, as tests/config/show_settings prints them
#   env            its environment, if it needs one: NAME=value, one a line
#   plugins        the plugins that it needs beside the samples, if any: one name a line
#
# To add one, make its folder, let `expected` be written by
#   UPDATE=1 make check TESTS=tests/config/cases_test.sh
# and read what was written.
# Where a case has secrets they are called "secret" or "t0ken", and no output may hold either.
. "${top_srcdir:?make check sets it}/tests/support/tap.sh"
cases=$top_srcdir/tests/config/cases

# A plugin folder with these in it and no others, so that lists of what was found are always the same.
plugin_folder() { # folder, names
  local folder=$1 name
  shift
  mkdir "$folder" || return
  cp "$top_builddir"/tests/plugin/.libs/sample_{queue,scaler}.so "$folder" || return
  for name in "$@"; do
    cp "$top_builddir/.libs/$name.so" "$folder" || return
  done
}

run() { # folder of the case: prints what show_settings does
  local name=${1##*/} pairs=() plugins=()
  mkdir "$scratch/$name" && cp -R "$1/." "$scratch/$name" || return
  cd "$scratch/$name" || return
  [ ! -f env ] || mapfile -t pairs <env
  [ ! -f plugins ] || mapfile -t plugins <plugins
  [ ! -f make ] || bash make || return
  plugin_folder "$scratch/$name/PLUGINS" hang ${plugins[@]+"${plugins[@]}"} || return
  env -i PATH="$PATH" ${ASAN_OPTIONS+"ASAN_OPTIONS=$ASAN_OPTIONS"} \
    DYNOMATIC_PLUGIN_PATH="$scratch/$name/PLUGINS" ${pairs[@]+"${pairs[@]}"} \
    "$top_builddir/tests/config/show_settings" dynomatic.yml >"$scratch/$name.out" 2>&1
  [ $? -le 1 ] || echo 'it ended badly' >>"$scratch/$name.out"
  # The folders are the test's own, and that of an installation.
  sed -e "s|$scratch/$name/PLUGINS:[^)]*|PLUGINS|" -e "s|$scratch/$name/||g" "$scratch/$name.out"
}

has_plugins() { # folder of the case
  local name
  [ ! -f "$1/plugins" ] || while read -r name; do
    [ -f "$top_builddir/.libs/$name.so" ] || return
  done <"$1/plugins"
}

for folder in "$cases"/*/; do
  folder=${folder%/}
  if ! has_plugins "$folder"; then
    tap_line true "${folder##*/} # SKIP a plugin that it needs was not built"
    continue
  fi
  got=$(run "$folder")
  [ -z "${UPDATE:-}" ] || printf '%s\n' "$got" >"$folder/expected"
  is "${folder##*/}" "$got" "$(cat "$folder/expected")"
done
all=$(cat "$scratch"/*.out)
has_not 'no secret is shown' "$all" secret
has_not 'no token is shown' "$all" t0ken
tap_end
