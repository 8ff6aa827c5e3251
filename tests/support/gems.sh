# SPDX-License-Identifier: MIT
# The libraries that judge the adapters, in several versions: Debian's, and those that bin/setup puts each
# into a folder of its own, a set of gems. Source it.
#
#   gem_sets LIBRARY         the sets of it, oldest first: debian if that has one, sidekiq-7.3.10, ...; fails
#                            if one that bin/setup names is not there. With GEM_SETS=newest: the last only
#   with_gems SET COMMAND... runs a command that sees this version
#   judge LIBRARY SET NAME URL   tests/interop/LIBRARY.rb as tests; needs tap.sh. Judges of one URL after
#                            another: a deploy goes from the set before to this one

gems=${DYNOMATIC_BUILD:-$top_srcdir/build}/gems

gem_sets() {
  local set sets=()
  [ "$1" = resque ] || sets=(debian)
  for set in $("$top_srcdir/bin/setup" --gems | sed -n "s/^\($1-[0-9.]*\) .*/\1/p"); do
    [ -e "$gems/$set/complete" ] || return 1
    sets+=("$set")
  done
  [ "${GEM_SETS:-all}" = all ] || sets=("${sets[-1]}")
  echo "${sets[@]}"
}

# What env is told, a word a line. Debian's gems stay visible behind the set's own: the drivers of databases.
gem_environment() { # set
  local ruby=
  case $1 in sidekiq-8.*) ruby=-r$top_srcdir/tests/support/ruby_3_2.rb ;; esac
  printf '%s\n' "GEM_PATH=$gems/$1:" "PATH=$gems/$1/bin:$PATH" "RUBYOPT=$ruby"
}

with_gems() {
  local words
  mapfile -t words < <(gem_environment "$1")
  shift
  env "${words[@]}" "$@"
}

judge_before=
judge() {
  local library=$1 set=$2 version=$3 url=$4 name got wanted said status
  said=$(BEFORE=$(gem_environment "${judge_before:-$set}") with_gems "$set" \
    ruby "$top_srcdir/tests/interop/$library.rb" "$url" "$top_builddir" 2>"$scratch/judge.err")
  status=$?
  while IFS='|' read -r name got wanted; do
    is "$version: $name" "$got" "$wanted"
  done <<<"$said"
  is "$version: it came to the end" "$status$(grep '^judge:' "$scratch/judge.err")" 0
  [ $status = 0 ] || sed 's/^/# /' "$scratch/judge.err"
  judge_before=$set
}
