# SPDX-License-Identifier: MIT
# What every shell test shares: TAP lines, waiting for a condition, a temporary folder that goes away.
# Source it: . "$top_srcdir/tests/support/tap.sh"
#
#   ok NAME COMMAND...   one test: passes if the command does
#   is NAME GOT WANTED   one test: both values are shown when they differ
#   has NAME TEXT PART   one test: the text contains the part
#   until_true SECONDS COMMAND...   waits for a condition; fails if it does not come true
#   tap_end              prints the plan; the exit status tells

set -u
tap_n=0
tap_failed=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/dynomatic-test.XXXXXX")
chmod 755 "$scratch"
tap_pids=()

# Stops what the test started, by pid, and removes the folder: also when the test is interrupted.
tap_cleanup() {
  local pid
  for pid in ${tap_pids[@]+"${tap_pids[@]}"}; do
    kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
  done
  rm -rf "$scratch"
}
trap tap_cleanup EXIT
trap 'exit 1' INT TERM

tap_line() { # truth, name, details
  tap_n=$((tap_n + 1))
  if [ "$1" = true ]; then
    printf 'ok %d - %s\n' "$tap_n" "$2"
  else
    tap_failed=$((tap_failed + 1))
    printf 'not ok %d - %s\n' "$tap_n" "$2"
    printf '%s\n' "${3:-}" | sed 's/^/# /'
  fi
}

ok() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then tap_line true "$name"; else tap_line false "$name" "$output"; fi
}

is() {
  if [ "$2" = "$3" ]; then tap_line true "$1"; else tap_line false "$1" "got:    $2
wanted: $3"; fi
}

has() {
  case $2 in
    *"$3"*) tap_line true "$1" ;;
    *) tap_line false "$1" "got:         $2
which lacks: $3" ;;
  esac
}

has_not() {
  case $2 in
    *"$3"*) tap_line false "$1" "got:       $2
which has: $3" ;;
    *) tap_line true "$1" ;;
  esac
}

# The whole test needs this: without it, it is skipped with a reason.
needs() { # program, why
  command -v "$1" >/dev/null 2>&1 && return
  printf '1..0 # SKIP %s is missing: %s\n' "$1" "$2"
  exit 77
}

until_true() {
  local seconds=$1 end
  shift
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || return 1
    read -r -t 0.05 <> <(:) || :
  done
}

# Remembers a process that runs in the background, to be stopped at the end.
started() { tap_pids+=("$1"); }

tap_end() {
  printf '1..%d\n' "$tap_n"
  [ "$tap_failed" = 0 ]
  exit
}
