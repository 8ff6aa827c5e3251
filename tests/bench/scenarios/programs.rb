# SPDX-License-Identifier: MIT
# The programs of this folder that measure what needs no server. Each prints figures, of which these are taken.
module Bench
  PROGRAMS = {
    'policy_bench' => { 'decisions' => ['million/s', /([\d.]+) million decisions/],
                        'a decision / a bare look-up' => ['x', /([\d.]+) times/] },
    'replay_bench' => { '30 days decided again' => ['s', /again in ([\d.]+) s/],
                        '... and compared with another policy' => ['s', /second in ([\d.]+) s/] },
    'isolate_bench' => { 'a process of its own adds, 1 group' => ['us', /^ +1 groups.*added ([\d.]+)/],
                         '... 100 groups' => ['us', /^ +100 groups.*added ([\d.]+)/],
                         '... 1000 groups' => ['us', /^ +1000 groups.*added ([\d.]+)/] },
    'many_bench' => { 'a file of 10000 pools is read' => ['ms', /^start.own_rules.10000 ([\d.]+)/],
                      'memory of a pool' => ['B', /^memory.pool (\d+)/],
                      'memory of a store' => ['B', /^memory.store (\d+)/] }
  }.freeze

  class Scenario
    def output_of(program)
      text = IO.popen([build("tests/bench/#{program}"), { err: %i[child out] }], &:read)
      raise Failure, "#{program}: #{text}" unless $CHILD_STATUS.success?

      text
    end
  end

  scenario 'programs', 'decisions, replay, and what a process of its own costs a call' do
    rows = PROGRAMS.flat_map do |program, wanted|
      said = Array.new([rounds / 2, 1].max) { output_of(program) }
      wanted.map do |what, (unit, pattern)|
        found = figure(what, unit, said.map { |text| Float(text[pattern, 1]) })
        goal('decisions a second', found, least: 1, unit: 'million/s') if what == 'decisions'
        goal('memory of a pool, by many_bench', found, most: 500, unit: 'B') if what == 'memory of a pool'
        [what, unit, found, found.spread]
      end
    end
    say(Bench.table(['', '', 'median', 'spread'], rows, words: [0, 1]))
  end
end
