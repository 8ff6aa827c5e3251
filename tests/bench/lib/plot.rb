# SPDX-License-Identifier: MIT
require 'cgi'
require_relative 'figure'

module Bench
  # A picture of lines over a logarithmic axis, as SVG that is read on a light page and on a dark one. Each line has its
  # name at its end.
  class Plot
    WIDTH = 820
    HEIGHT = 440
    LEFT = 78
    RIGHT = 620 # the names stand behind it
    TOP = 58
    BOTTOM = 384
    LABEL = 16 # pixels that a name takes

    COLOURS = 7

    STYLE = <<~CSS.freeze
      .back { fill: #ffffff }
      text { fill: #1f2328; font: 12px system-ui, sans-serif }
      .title { font-size: 15px; font-weight: 600 }
      .grid { stroke: #d8dee4; fill: none }
      .line { fill: none; stroke-width: 2; stroke-linejoin: round }
      .lead { fill: none; stroke-width: 1; stroke-dasharray: 2 3 }
      .c0 { stroke: #0072b2 } .c1 { stroke: #6e7781 } .c2 { stroke: #d55e00 }
      .c3 { stroke: #009e73 } .c4 { stroke: #b4518f } .c5 { stroke: #a06a00 } .c6 { stroke: #8250df }
      @media (prefers-color-scheme: dark) {
      .back { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #30363d }
      .c0 { stroke: #56b4e9 } .c1 { stroke: #9198a1 } .c2 { stroke: #ff9b4a }
      .c3 { stroke: #3fd0a0 } .c4 { stroke: #e58cc4 } .c5 { stroke: #e3b341 } .c6 { stroke: #b392f0 }
      }
    CSS

    # lines: names and points [x, y]; y_log: whether y grows by powers of ten, too.
    def initialize(title, x:, y:, lines:, y_log: true, y_unit: nil)
      @title = title
      @names = [x, y]
      @lines = lines
      @unit = y_unit
      points = lines.values.flatten(1)
      @x = Axis.new(points.map(&:first), LEFT, RIGHT, log: true)
      @y = Axis.new(points.map(&:last), BOTTOM, TOP, log: y_log)
    end

    def to_s
      <<~SVG
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 #{WIDTH} #{HEIGHT}" width="#{WIDTH}" height="#{HEIGHT}"
         role="img">
        <title>#{CGI.escapeHTML(@title)}</title>
        <style>
        #{STYLE}</style>
        <rect class="back" width="100%" height="100%"/>
        #{[text(LEFT, 22, @title, 'class="title"'), *grid, *lines, *labels].join("\n")}
        </svg>
      SVG
    end

    private

    def text(x, y, words, more = '')
      "<text x=\"#{x.round(1)}\" y=\"#{y.round(1)}\" #{more}>#{CGI.escapeHTML(words)}</text>"
    end

    def path(kind, *points)
      "<path class=\"#{kind}\" d=\"M#{points.map { |x, y| "#{x.round(1)} #{y.round(1)}" }.join('L')}\"/>"
    end

    def grid
      across = @y.ticks.flat_map do |value|
        y = @y.at(value)
        [path('grid', [LEFT, y], [RIGHT, y]), text(LEFT - 8, y + 4, amount(value, @unit), 'text-anchor="end"')]
      end
      up = @x.ticks.flat_map do |value|
        x = @x.at(value)
        [path('grid', [x, TOP], [x, BOTTOM]), text(x, BOTTOM + 18, amount(value, nil), 'text-anchor="middle"')]
      end
      [*across, *up, text(LEFT, 44, @names[1]), text(RIGHT, BOTTOM + 40, @names[0], 'text-anchor="end"')]
    end

    def amount(value, unit)
      number = value >= 1 ? value.round.to_s.reverse.scan(/\d{1,3}/).join(' ').reverse : Bench.short(value)
      "#{number}#{unit}"
    end

    def lines
      @lines.values.each_with_index.map do |points, n|
        path("line c#{n % COLOURS}", *points.map { |x, y| [@x.at(x), @y.at(y)] })
      end
    end

    # From the top down, each below the one before it, and led to from the end of its line; where all lines end at the
    # top, from the left to the right, and beside a piece of its line.
    def labels
      free = TOP - LABEL
      ends = @lines.each_with_index.map { |(name, points), n| [name, n, @x.at(points.last[0]), @y.at(points.last[1])] }
      is_level = ends.map(&:last).uniq.size == 1
      ends.sort_by { |_, _, x, y| [y, x] }.flat_map do |name, n, x, y|
        free = [y, free + LABEL].max
        from = is_level ? [RIGHT + 6, free] : [x, y]
        [path("#{is_level ? 'line' : 'lead'} c#{n % COLOURS}", from, [RIGHT + 22, free]),
         text(RIGHT + 26, free + 4, name)]
      end
    end

    # From the least power of ten to the greatest, or from 0 to the greatest.
    class Axis
      def initialize(values, from, to, log:)
        @log = log
        @from = from
        @to = to
        @least = log ? values.select(&:positive?).min : 0
        @most = values.max
        @most = @least * 10 if @most <= @least
        widen if log
      end

      def at(value)
        share = @log ? Math.log([value, @least].max / @least.to_f) / Math.log(@most / @least.to_f) : value / @most.to_f
        @from + (@to - @from) * share
      end

      def ticks
        return (0..4).map { |n| @most * n / 4.0 } unless @log

        (Math.log10(@least).ceil..Math.log10(@most).floor).map { |power| power.negative? ? 10.0**power : 10**power }
      end

      private

      def widen
        @least = 10.0**Math.log10(@least).floor
        @most = 10.0**Math.log10(@most).ceil
      end
    end
  end
end
