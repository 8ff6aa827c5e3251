# SPDX-License-Identifier: MIT
module Bench
  class Failure < StandardError; end
  class Missing < Failure; end # what is not installed: a scenario, or a way in it, is left out and named

  # What a scenario may say. It is run on an object of this class: see scenarios/.
  class Scenario
    attr_reader :name

    def initialize(name, options, record)
      @name = name
      @options = options
      @record = record
      @closing = []
    end

    # ---- What it is told: make bench ROUNDS=3 QUEUES="1 10", make bench-full ----

    def full? = @options.full?
    def rounds = @options.number('ROUNDS', 5, 11)
    def number(name, quick, full) = @options.number(name, quick, full)
    def numbers(name, quick, full = quick) = @options.numbers(name, quick, full)

    # ---- Servers and those who ask them ----

    def server(kind, *settings) = closing(Server.new(kind, *settings))

    # Dynomatic's own plugin, by the program that the tests ask with.
    def look(server, adapter, *groups, url: server.url)
      Asker.new([build('tests/plugin/measure'), adapter, "{url: '#{url}'}", '-t', '60000', '-i', 'measure', *groups],
                server: server)
    end

    # peers/NAME.rb, with the gems that bin/setup --bench installs.
    def peer(server, name, *words, url: server.url)
      Asker.new(Gems.command('peers', 'ruby', "#{__dir__}/../peers/ask.rb", name, url, *words), server: server)
    end

    # redis_limit.c, which is there where hiredis is.
    def limit(server, way, what, prefix, lists)
      program = build('tests/bench/redis_limit')
      raise Missing, 'redis_limit was not built: hiredis is missing' unless File.executable?(program)

      Asker.new([program, server.port.to_s, way, what, prefix, lists.to_s], server: server)
    end

    def build(path) = File.join(ENV.fetch('top_builddir'), path)

    # ---- What it finds ----

    # In turns, so that a busy moment strikes all of them. The ways are names and blocks that make an asker; the first
    # is what the others are compared with. case_: what makes this case, as { queues: 10 }.
    def compare(case_, ways)
      askers = ways.filter_map { |way, make| with_missing("#{name}: #{way}") { [way, make.call] } }.to_h
      turns = askers.transform_values { [] }
      rounds.times { askers.each { |way, asker| turns[way] << asker.turn } }
      Comparison.new(self, case_, turns).tell
    ensure
      askers&.each_value(&:close)
    end

    # A figure of its own: values are those of its rounds, or a Figure.
    def figure(what, unit, values, on = {})
      figure = values.is_a?(Figure) ? values : Figure.new(values)
      @record.figure(scenario: name, what: what, unit: unit, case: on, figure: figure)
      figure
    end

    # What another scenario has found in this run; nil if it did not run.
    def found(scenario, what, on) = @record.found(scenario, what, on)

    # A goal, as a sentence, with what came of it; a ratio that could not be had is nil.
    def goal(sentence, figure, least: nil, most: nil, unit: 'x')
      @record.goal(scenario: name, sentence: sentence, figure: figure, least: least, most: most, unit: unit)
    end

    def say(line = '') = @record.say(line)

    # Each value of many, for a picture of how they are spread.
    def samples(what, unit, values, on = {})
      @record.samples(scenario: name, what: what, unit: unit, case: on, values: values.map { |value| value.round(3) })
    end

    # The path of a configuration: JSON is YAML too.
    def file_of(configuration)
      file = closing(Tempfile.new(['bench', '.yml']))
      file.write(JSON.generate(configuration))
      file.close
      file.path
    end

    # ---- Its end ----

    def closing(thing)
      @closing << thing
      thing
    end

    # Runs the block that the scenario is, and ends all that it started, the newest first.
    def run(block)
      with_missing(name) { instance_exec(&block) }
    ensure
      @closing.reverse_each(&:close)
    end

    private

    def with_missing(what)
      yield
    rescue Missing => e
      @record.missing(what, e.message)
      nil
    end
  end

  # The turns of several ways to do one thing.
  class Comparison
    UNITS = { wall: 'us', client: 'us', server: 'us' }.freeze

    def initialize(scenario, case_, turns)
      @scenario = scenario
      @case = case_
      @turns = turns
    end

    def figure(way, what) = @turns[way] && Figure.new(@turns[way].map { |turn| turn[what] })

    # How many times the one is of the other; nil where one of them is missing.
    def ratio(one, other, what)
      figures = [figure(one, what), figure(other, what)]
      figures.all? ? figures[0] / figures[1] : nil
    end

    # The worst of what several ways are of one.
    def least_ratio(ones, other, what) = ones.filter_map { |one| ratio(one, other, what) }.min_by(&:median)

    def tell
      rows = @turns.keys.map { |way| [way, *UNITS.keys.flat_map { |what| tell_figure(way, what) }] }
      head = UNITS.keys.flat_map { |what| ["#{what} us", 'spread', 'x'] }
      @scenario.say(Bench.table([Bench.case_words(@case), *head], rows))
      self
    end

    private

    def tell_figure(way, what)
      one = @scenario.figure("#{way}: #{what}", UNITS[what], figure(way, what), @case)
      ratio = ratio(way, @turns.keys.first, what)
      @scenario.figure("#{way}: #{what} ratio", 'x', ratio, @case)
      [one, one.spread, "#{ratio}x"]
    end
  end
end
