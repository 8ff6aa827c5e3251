# SPDX-License-Identifier: MIT
require 'json'

module Bench
  # Columns under each other: words begin on the left, which the first column has, and numbers end on the right.
  def self.table(head, rows, words: [0])
    widths = [head, *rows].transpose.map { |column| column.map { |cell| cell.to_s.length }.max }
    lines = [head, *rows].map do |row|
      row.each_with_index.map { |cell, n| cell.to_s.public_send(words.include?(n) ? :ljust : :rjust, widths[n]) }
    end
    lines.map { |cells| cells.join('  ').rstrip }.join("\n")
  end

  # All that was found: printed as it comes, and in the end a file.
  class Record
    Goal = Struct.new(:scenario, :sentence, :figure, :least, :most, :unit, keyword_init: true) do
      def met? = figure && (least ? figure.median >= least : figure.median <= most)
      def state = figure ? (met? ? 'met' : 'missed') : 'not measured'
      def bound = "#{least ? 'at least' : 'at most'} #{Bench.short(least || most)}#{suffix}"
      def suffix = unit == 'x' ? 'x' : " #{unit}"
      def found = figure ? "#{figure}#{suffix}" : '-'
      def spread = figure&.spread

      def to_h
        { scenario: scenario, sentence: sentence, state: state, bound: bound, found: found, spread: spread,
          **(figure ? figure.to_h : {}) }
      end
    end

    attr_reader :goals

    def initialize(about, out: $stdout)
      @about = about
      @out = out
      @figures = []
      @found = {}
      @samples = []
      @goals = []
      @missing = []
      @failed = []
    end

    def say(line)
      @out.puts(line)
      @out.flush
    end

    def figure(figure:, **what)
      @found[what.values_at(:scenario, :what, :case)] = figure
      @figures << { **what, **figure.to_h }
    end

    # What another scenario has found in this run; nil if it did not run.
    def found(scenario, what, case_) = @found[[scenario, what, case_]]

    def samples(**what) = @samples << what
    def goal(**goal) = @goals << Goal.new(**goal)

    def missing(what, why)
      @missing << { what: what, why: why }
      say("#{what}: left out. #{why}")
    end

    def failed(what, why)
      @failed << { what: what, why: why }
      say("#{what}: FAILED. #{why}")
    end

    def failed? = !@failed.empty?

    # What was set out to be reached, and what was; a goal that is missed is no error.
    def tell_goals
      @failed.each { |one| say("\nFAILED: #{one[:what]}") }
      return if @goals.empty?

      say("\ngoals")
      say(Bench.table(%w[state found spread bound goal],
                      @goals.map { |goal| [goal.state, goal.found, goal.spread || '-', goal.bound, goal.sentence] },
                      words: [0, 4]))
      say("\n#{tally(%w[met missed] + ['not measured'], @goals.map(&:state))}")
    end

    def tally(states, all) = states.map { |state| "#{all.count(state)} #{state}" }.join(', ')

    def write(file)
      File.write(file, JSON.pretty_generate(about: @about, figures: @figures, samples: @samples,
                                            goals: @goals.map(&:to_h), missing: @missing, failed: @failed))
    end
  end
end
