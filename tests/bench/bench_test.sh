#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The harness of the benchmarks: what it computes, what it says of goals, and one scenario from its start to the page.
. "$top_srcdir/tests/support/tap.sh"
needs ruby 'the harness is written in it'
bench=$top_srcdir/tests/bench

figure() { ruby -r"$bench/lib/figure" -e "print Bench.then { $1 }"; }

# ---- Figures ----

is 'the median of an odd number' "$(figure 'Bench::Figure.new([9, 1, 5]).median')" 5.0
is 'the median of an even number' "$(figure 'Bench::Figure.new([4, 1, 3, 2]).median')" 2.5
is 'the spread is the middle half' "$(figure 'Bench::Figure.new([1, 2, 3, 4, 5]).to_h.values_at(:low, :high)')" '[2.0, 4.0]'
is 'a ratio is one of rounds: what strikes both falls out' \
  "$(figure '(Bench::Figure.new([10, 2000, 10]) / Bench::Figure.new([5, 1000, 4])).values')" '[2.0, 2.0, 2.5]'
has 'rounds that do not belong together have none' \
  "$(figure 'Bench::Figure.new([1]) / Bench::Figure.new([1, 2])' 2>&1)" '1 rounds against 2'
has 'nothing is no figure' "$(figure 'Bench::Figure.new([])' 2>&1)" 'a figure of no rounds'
is 'quantiles of parts, in the order of time' \
  "$(figure 'Bench::Figure.new([1, 2, 30, 40]).part_quantiles(1.0, 2).values')" '[2.0, 40.0]'
is 'three digits, and no more' "$(figure '[0.001234, 0.5, 12.345, 1234.5].map { |n| Bench.short(n) }.join(" ")')" \
  '0.00123 0.5 12.3 1234'

# ---- Goals ----

said=$(ruby -r"$bench/lib/figure" -r"$bench/lib/record" -e '
  record = Bench::Record.new({})
  record.goal(sentence: "as much", figure: Bench::Figure.new([39, 41, 40]), least: 40, most: nil, unit: "x")
  record.goal(sentence: "not so much", figure: Bench::Figure.new([39.9]), least: 40, most: nil, unit: "x")
  record.goal(sentence: "too long", figure: Bench::Figure.new([5.1]), least: nil, most: 5, unit: "ms")
  record.goal(sentence: "short", figure: Bench::Figure.new([5]), least: nil, most: 5, unit: "ms")
  record.goal(sentence: "unknown", figure: nil, least: 2, most: nil, unit: "x")
  record.tell_goals' | tr -s ' ')
has 'a goal that is just met' "$said" 'met 40.0x 39.5-40.5 at least 40.0x as much'
has 'one that is just missed' "$said" 'missed 39.9x 39.9-39.9 at least 40.0x not so much'
has 'one that is passed by little' "$said" 'missed 5.10 ms 5.10-5.10 at most 5.00 ms too long'
has 'its bound itself' "$said" 'met 5.00 ms 5.00-5.00 at most 5.00 ms short'
has 'what was not measured is neither' "$said" 'not measured - - at least 2.00x unknown'
has 'their numbers' "$said" '2 met, 2 missed, 1 not measured'

# ---- Processes ----

busy=$(ruby -rtimeout -r"$bench/lib/usage" -e '
  pid = spawn("sh", "-c", "yes >/dev/null & read -r _", in: (from, to = IO.pipe)[0])
  before = Bench::Usage.cpu_us(pid)
  Timeout.timeout(60) { sleep 0.01 until Bench::Usage.cpu_us(pid) > before + 50_000 }
  Bench::Usage.family(pid).drop(1).each { |child| Process.kill(:TERM, child) }
  to.close
  puts "its child was seen at work"')
is 'a process uses what those that it started use' "$busy" 'its child was seen at work'

# ---- A scenario, from its start to the page; the gems of others are not there ----

has 'a name that is none' "$(BENCHES=sidekik "$bench/run" 2>&1)" 'bench: BENCHES: there is no sidekik; there are '
if ! command -v redis-server >/dev/null || ! ruby -e "require 'redis'" || [ ! -x "$top_builddir/.libs/resque.so" ]; then
  tap_end
fi
ends() { "$@" >/dev/null 2>&1; echo $?; }
is "what went wrong is an error" "$(QUEUES=few BENCHES=resque ends "$bench/run")" 1
has 'a number that is none' "$(QUEUES=few BENCHES=resque "$bench/run" 2>&1)" 'QUEUES=few: it takes whole numbers'
said=$(BENCHES=resque QUEUES=100 ROUNDS=1 OUT=$scratch/out.json DYNOMATIC_BUILD=$scratch "$bench/run" 2>&1)
is 'it ends well, whatever it finds: a missed goal is no error' $? 0
has 'a table' "$(tr -s ' ' <<<"$said" | cut -d ' ' -f 1-7)" '100 queues wall us spread x client'
has 'what is missing is named' "$said" "resque: hirefire: left out. the gems 'peers' are missing: bin/setup --bench"
has 'and its goal is not met for that' "$said" 'not measured      -'
ratio=$(ruby -rjson -e 'figures = JSON.parse(File.read(ARGV[0]))["figures"].to_h { |one| [one["what"], one["median"]] }
  counts = figures.values_at("dynomatic, counts: wall", "dynomatic, waiting and busy: wall")
  print (counts[0] / counts[1] - figures["dynomatic, counts: wall ratio"]).abs < 1e-9 && counts[0] > 1' "$scratch/out.json")
is 'the file has its figures and their ratio' "$ratio" true

mark() { printf '%s\n' "<!-- bench: $1 -->" "$2" '<!-- end -->'; }
{
  echo 'by hand'
  mark resque old
  echo 'by hand, too'
  mark mariadb stays
  mark goals old
} >"$scratch/page.md"
PAGE=$scratch/page.md "$bench/report" "$scratch/out.json"
page=$(cat "$scratch/page.md")
has 'the page has the table' "$page" '| dynomatic, counts | '
has 'and the goals' "$page" '| not measured |'
has_not 'in the place of the old one' "$page" old
has 'what was not measured stays' "$page" '<!-- bench: mariadb -->
stays
<!-- end -->'
has 'and what was written by hand' "$page" '<!-- end -->
by hand, too'

ruby -r"$bench/lib/plot" -e '
  print Bench::Plot.new("A & B", x: "x", y: "y", lines: {
    "<one>" => [[1, 0.5], [1000, 20]], "two" => [[1, 20], [1000, 19]] })' \
  >"$scratch/plot.svg"
if command -v rsvg-convert >/dev/null; then
  ok 'a picture is drawn' rsvg-convert "$scratch/plot.svg" -o "$scratch/plot.png"
fi
plot=$(cat "$scratch/plot.svg")
has 'its words are words' "$plot" '>&lt;one&gt;</text>'
places=$(sed -n 's/.*<text x="646.0" y="\([0-9.]*\)".*/\1/p;s/.*<text x="646" y="\([0-9.]*\)".*/\1/p' <<<"$plot" | sort -n)
is 'names never lie on each other' "$(awk 'NR > 1 { print $1 - last >= 16 } { last = $1 }' <<<"$places")" 1
tap_end
