# SPDX-License-Identifier: MIT
module Bench
  # What some rounds said of one thing: its median, and its spread, which is the middle half of them.
  class Figure
    attr_reader :values

    def initialize(values)
      raise ArgumentError, 'a figure of no rounds' if values.empty?

      @values = values
    end

    def median = quantile(0.5)
    def low = quantile(0.25)
    def high = quantile(0.75)

    # Between the two nearest values in proportion.
    def quantile(share)
      sorted = @sorted ||= values.sort
      at = share * (sorted.size - 1)
      below = sorted[at.floor]
      below + (sorted[at.ceil] - below) * (at - at.floor)
    end

    # Round by round, so that a busy moment, which strikes both, falls out.
    def /(other)
      raise ArgumentError, "#{values.size} rounds against #{other.values.size}" if values.size != other.values.size

      Figure.new(values.zip(other.values).map { |mine, theirs| mine.fdiv(theirs) })
    end

    # A quantile of many samples as a figure: that of each of so many parts, in the order of time.
    def part_quantiles(share, parts = 4)
      size = [(values.size / parts.to_f).ceil, 1].max
      Figure.new(values.each_slice(size).map { |part| Figure.new(part).quantile(share) })
    end

    def *(other) = Figure.new(values.map { |value| value * other })

    # As words: the median, and the spread.
    def to_s = Bench.short(median)
    def spread = "#{Bench.short(low)}-#{Bench.short(high)}"
    def to_h = { median: median, low: low, high: high, rounds: values.size }
  end

  # Three digits that mean something, and no more.
  def self.short(number)
    return '?' if number.nil? || number.to_f.nan?
    return number.to_f.positive? ? 'oo' : '-oo' if number.to_f.infinite?
    return '0' if number.zero?

    digits = [2 - Math.log10(number.abs).floor, 0].max
    text = format("%.#{digits}f", number)
    text.include?('.') && digits > 2 ? text.sub(/0+\z/, '') : text
  end

  # { rows: 1000, mix: 'ready' }: "1000 rows, ready".
  def self.case_words(case_) = case_.map { |key, value| value.is_a?(Numeric) ? "#{value} #{key}" : value }.join(', ')

  def self.times(number) = "#{short(number)}x"
end
