# SPDX-License-Identifier: MIT
module Bench
  # A process that looks into a store so often as a line of its standard input says, and answers on standard error
  # with the median of the times in us: tests/plugin/measure -i, peers/ask.rb, and redis_limit.
  class Asker
    TURN_US = 200_000 # what a turn may take: few looks that are long, many that are short

    def initialize(command, server:, env: {})
      @server = server
      from, error = IO.pipe
      @output = Tempfile.new('bench-asker')
      @process = IO.popen([env, *command, out: @output.path, err: error], 'w')
      error.close
      @answers = from
      @times = 2
      wall = Array.new(2) { turn[:wall] }.min # the first connects
      @times = (TURN_US / [wall, 1].max).clamp(2, 5000).to_i
    end

    # What one look took: us of time, of the asker's processors and of the server's.
    def turn
      before = cpu
      wall = ask
      after = cpu
      { wall: wall, client: (after[0] - before[0]) / @times, server: (after[1] - before[1]) / @times }
    end

    def memory_kb = Usage.memory_kb(Usage.family(@process.pid).last)

    def close
      @process.close
      @answers.close
      @output.close!
    end

    private

    def cpu = [Usage.cpu_us(@process.pid), Usage.cpu_us(@server.pid)]

    def ask
      @process.puts(@times)
      @process.flush
      said = []
      until (line = @answers.gets)&.match?(/\A[\d.]+\n\z/)
        raise Failure, "no answer of an asker: #{said.join}#{File.read(@output.path)}" if line.nil?

        said << line
      end
      line.to_f
    end
  end
end
