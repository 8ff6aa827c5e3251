# SPDX-License-Identifier: MIT
# `dynomatic count`, which tells a person the exact number: whole programs, from their start to their end. ROWS.
module Bench
  # A program that is run once each turn.
  class Program
    def initialize(server, *command)
      @server = server
      @command = command
    end

    def turn
      before = used
      said = IO.popen([*@command, { err: %i[child out] }], &:read)
      raise Failure, "#{@command.first}: #{said}" unless $CHILD_STATUS.success?

      %i[wall client server].zip(used.zip(before).map { |now, then_| now - then_ }).to_h
    end

    def close; end

    private

    def used
      times = Process.times
      [Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_microsecond), (times.cutime + times.cstime) * 1e6,
       Usage.cpu_us(@server.pid)]
    end
  end

  scenario 'count', 'whole programs that count 1 % of the rows, which is what is due' do
    postgres = server('postgres', *POSTGRES_SETTINGS)
    words = closing(PostgresWords.new(postgres))
    rows = numbers('ROWS', [500_000], [5_000_000]).last
    DelayedJobs.new(words).tap { |jobs| jobs.fill(:future, rows) }.analyse
    file = file_of(Daemon.one_pool(nil, 'delayedjob', postgres.url))
    all = 'SELECT count(*) FROM delayed_jobs'
    due = "#{all} WHERE run_at <= now() AT TIME ZONE 'utc' AND locked_at IS NULL AND failed_at IS NULL"
    compare({ rows: rows },
      'dynomatic count' => -> { Program.new(postgres, Daemon.program, '-c', file, 'count') },
      'psql, what is due' => -> { Program.new(postgres, 'psql', '-X', postgres.url, '-c', due) },
      'psql, count(*)' => -> { Program.new(postgres, 'psql', '-X', postgres.url, '-c', all) })
  end
end
