# SPDX-License-Identifier: MIT
require 'json'
require_relative 'figure'
require_relative 'plot'

module Bench
  # What is shown of a run: for each place of the page its text, and for each picture its SVG. Files that come later go
  # before those before them, scenario by scenario.
  class Page
    COMPARED = {
      'sidekiq' => %w[wall client server], 'resque' => %w[wall client server], 'payload' => %w[wall server],
      'later' => %w[wall server], 'delayedjob' => %w[wall server], 'delayedjob-fresh' => %w[wall],
      'delayedjob-queues' => %w[wall server], 'delayedjob-payload' => %w[wall server], 'mariadb' => %w[wall server],
      'count' => %w[wall], 'told' => %w[wall server], 'told-postgresql' => %w[wall server]
    }.freeze
    OTHERS = %w[reaction sweep stores idle footprint programs].freeze
    WORDS = { 'wall' => 'time', 'client' => "asker's CPU", 'server' => "server's CPU" }.freeze

    def initialize(runs)
      @figures = newest(runs, :figures)
      @samples = newest(runs, :samples)
      @goals = newest(runs, :goals)
      @about = runs.flat_map { |run| run[:figures].map { |figure| [figure[:scenario], run[:about]] } }.to_h
    end

    # Places of the page, by name; those that no run says anything of are left as they are.
    def places
      places = COMPARED.slice(*@about.keys).to_h do |scenario, whats|
        [scenario, whats.map { |what| comparison(scenario, what) }.join("\n\n")]
      end
      (OTHERS & @about.keys).each { |scenario| places[scenario] = send(scenario) }
      places.each { |scenario, text| text << "\n\n#{about(scenario)}" }
      places['goals'] = goals unless @goals.empty?
      places
    end

    def pictures
      { 'sidekiq' => cost_plot('sidekiq', :queues, 'A look at N queues of Sidekiq', OF_SIDEKIQ),
        'delayedjob' => cost_plot('delayedjob', :rows, "A look into Delayed Job's table, all jobs due",
                                  OF_DELAYED_JOB, mix: 'ready'),
        'sweep' => sweep_plot, 'reaction' => reaction_plot }.compact
    end

    OF_SIDEKIQ = ['dynomatic, counts and ages', 'least, counts', 'hirefire', 'judoscale', 'Sidekiq::Stats',
                  'Sidekiq::Queue'].freeze
    OF_DELAYED_JOB = ['dynomatic', 'least', 'hirefire', 'judoscale', 'dynomatic gem'].freeze

    private

    def newest(runs, what)
      runs.map { |run| run[what].group_by { |one| one[:scenario] } }.reduce({}, :merge).values.flatten(1)
    end

    def figures(scenario) = @figures.select { |figure| figure[:scenario] == scenario }

    def find(scenario, what, case_)
      figures(scenario).find { |figure| figure[:what] == what && figure[:case] == case_ }
    end

    def about(scenario)
      run = @about.fetch(scenario)
      rounds = figures(scenario).map { |figure| figure[:rounds] }.max
      "<sub>#{run[:cpu]}, #{run[:cores]} cores, load #{run[:load]}, #{run[:at]}; medians of #{rounds} rounds</sub>"
    end

    # ---- Tables ----

    def markdown(head, rows)
      rule = head.each_index.map { |n| n.zero? ? '---' : '--:' }
      [head, rule, *rows].map { |row| "| #{row.join(' | ')} |" }.join("\n")
    end

    # The longer of the two, cases or ways, goes down.
    def comparison(scenario, what)
      cases = figures(scenario).map { |figure| figure[:case] }.uniq
      ways = figures(scenario).filter_map { |figure| figure[:what][/\A(.*): #{what}\z/, 1] }.uniq
      cells = cases.map { |case_| ways.map { |way| cell(scenario, way, what, case_) } }
      names = cases.map { |case_| Bench.case_words(case_) }
      return markdown([WORDS[what], *names], ways.zip(cells.transpose).map(&:flatten)) if ways.size >= cases.size

      markdown([WORDS[what], *ways], names.zip(cells).map(&:flatten))
    end

    def cell(scenario, way, what, case_)
      one = find(scenario, "#{way}: #{what}", case_) or return '-'
      ratio = find(scenario, "#{way}: #{what} ratio", case_)
      is_first = ratio.values_at(:median, :low, :high).uniq == [1.0]
      "#{time(one[:median])}#{" (#{Bench.times(ratio[:median])})" unless is_first}"
    end

    def time(us)
      return "#{Bench.short(us)} µs" if us < 1000

      us < 1_000_000 ? "#{Bench.short(us / 1e3)} ms" : "#{Bench.short(us / 1e6)} s"
    end

    def reaction
      tried = figures('reaction') + figures('reaction-judoscale')
      rows = tried.group_by { |figure| [figure[:case], figure[:what][/\A\w+/]] }.map do |(case_, who), list|
        label = case_.values_at(:store, :mode).join(', ')
        [who == 'least' ? '… the least' : label, *list.map { |figure| Bench.short(figure[:median]) }]
      end
      markdown(%w[ms p50 p90 p99 max], rows)
    end

    def idle
      figure = figures('idle').first
      markdown(['', 'median', 'spread'], [['wake-ups a minute', Bench.short(figure[:median]), spread(figure)]])
    end

    def sweep = watched('sweep', :pools)
    def stores = watched('stores', :stores)

    def watched(scenario, count)
      rows = figures(scenario).group_by { |figure| figure[:case][count] }.map do |number, list|
        client, server, wakeups, rss, _pss, dirty = list.map { |figure| figure[:median] }
        shares = [client, server].map { |us| "#{Bench.short(us / 1e4)} %" }
        [number, *shares, Bench.short(wakeups), *[rss, dirty].map { |kb| Bench.short(kb / 1024.0) }]
      end
      markdown([count, 'CPU, of one core', "the server's", 'wake-ups a second', 'Rss MB', 'private and dirty MB'], rows)
    end

    def footprint
      rows = figures('footprint').group_by { |figure| figure[:what][/\A(.*): /, 1] }.map do |way, list|
        start, cpu, *memory = list.map { |figure| figure[:median] }
        [way, Bench.short(start), Bench.short(cpu), *memory.map { |kb| Bench.short(kb / 1024.0) }]
      end
      markdown(['', 'first request ms', 'CPU until then ms', 'Rss MB', 'Pss MB', 'private and dirty MB'], rows)
    end

    def programs
      markdown(['', 'median', 'spread'], figures('programs').map do |figure|
        [figure[:what], "#{Bench.short(figure[:median])} #{figure[:unit]}", spread(figure)]
      end)
    end

    def spread(figure) = "#{Bench.short(figure[:low])}-#{Bench.short(figure[:high])}"

    def goals
      rows = @goals.map { |goal| [goal[:sentence], goal[:bound], goal[:found], goal[:spread] || '-', goal[:state]] }
      counts = ['met', 'missed', 'not measured'].map { |state| "#{@goals.count { |goal| goal[:state] == state }} #{state}" }
      "#{markdown(%w[goal bound found spread is], rows)}\n\n#{counts.join(', ')}."
    end

    # ---- Pictures ----

    def line(scenario, what, key, scale: 1, **only)
      shown = figures(scenario).select { |figure| figure[:what] == what && figure[:case] >= only }
      shown.map { |figure| [figure[:case][key], figure[:median] * scale] }.sort
    end

    def cost_plot(scenario, key, title, ways, **only)
      draw(title, x: key.to_s, y: 'ms',
                  lines: ways.to_h { |way| [way, line(scenario, "#{way}: wall", key, scale: 1e-3, **only)] })
    end

    # None where nothing was measured.
    def draw(title, lines:, **more)
      there = lines.reject { |_, points| points.empty? }
      Plot.new(title, lines: there, **more).to_s unless there.empty?
    end

    def sweep_plot
      lines = { 'daemon, pools of one Redis' => line('sweep', 'client', :pools, scale: 1e-4),
                'Redis, of that' => line('sweep', 'server', :pools, scale: 1e-4),
                'daemon, a store each' => line('stores', 'client', :stores, scale: 1e-4),
                'Redis, of that (stores)' => line('stores', 'server', :stores, scale: 1e-4) }
      draw('Looking each second', x: 'pools', y: 'of one core, %', lines: lines)
    end

    # How many of the trials were over by then.
    def reaction_plot
      lines = @samples.select { |one| one[:scenario].start_with?('reaction') }.to_h do |one|
        name = [one[:case][:store], one[:what] == 'least' ? 'the least' : one[:case][:mode]].join(', ')
        sorted = one[:values].sort
        [name, sorted.each_with_index.map { |ms, n| [ms, (n + 1) * 100.0 / sorted.size] }]
      end
      draw('From a job to the platform', x: 'ms', y: 'trials that were over', lines: lines, y_log: false, y_unit: ' %')
    end
  end
end
