# SPDX-License-Identifier: MIT
module Bench
  # Delayed Job's table as its generator makes it, with rows of some 450 bytes and three priorities, in the mixes that
  # tell ways to count apart.
  class DelayedJobs
    MIXES = {
      ready: 'all due', future: '1 % due, the rest later', failed: 'half failed, half due',
      locked: 'half locked, half due', fewfut: '100 due, the rest later', fewfail: '100 due among failed',
      oldfail: '1 % due, the rest failed and older', tail: '1 % due, written last'
    }.freeze
    COLUMNS = '(priority, handler, run_at, failed_at, locked_at, locked_by, queue, created_at, updated_at)'

    # run: executes a statement. What differs between the databases: in Dialect.
    def initialize(dialect) = @sql = dialect

    def fill(mix, rows, bytes: 350, queues: 1)
      @sql.run('DROP TABLE IF EXISTS delayed_jobs')
      @sql.run(@sql.create)
      @sql.run('CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at)')
      @sql.run("INSERT INTO delayed_jobs #{COLUMNS} SELECT i % 3, repeat('x', #{bytes}), #{run_at(mix, rows)}, " \
               "#{failed_at(mix, rows)}, #{mix == :locked ? when_('i % 2 = 0', now) : 'NULL'}, " \
               "#{mix == :locked ? when_('i % 2 = 0', "'worker'") : 'NULL'}, #{@sql.queue(queues)}, #{now}, #{now} " \
               "FROM #{@sql.series(rows)}")
    end

    # The statistics that a server gathers by itself, sooner or later.
    def analyse = @sql.run(@sql.analyse)

    private

    def run_at(mix, rows)
      case mix
      when :future then when_('i % 100 = 0', past, future)
      when :fewfut then when_('i <= 100', past, future)
      when :oldfail then when_('i % 100 = 0', past, @sql.ago("i + 100000000"))
      when :tail then when_("i > #{rows * 99 / 100}", past, future)
      else past
      end
    end

    def failed_at(mix, rows)
      case mix
      when :failed then when_('i % 2 = 0', now)
      when :fewfail then when_("i % #{[rows / 100, 1].max} <> 0", now)
      when :oldfail then when_('i % 100 <> 0', now)
      else 'NULL'
      end
    end

    def now = @sql.now
    def past = @sql.ago('i')
    def future = @sql.ago('-(i + 86400000)')
    def when_(condition, value, otherwise = 'NULL') = "CASE WHEN #{condition} THEN #{value} ELSE #{otherwise} END"
  end

  # PostgreSQL's words.
  class PostgresWords
    def initialize(server)
      @connection = PG.connect(server.url)
      run('SET client_min_messages = warning')
    end

    def run(statement) = @connection.exec(statement)
    def close = @connection.close
    def now = "(now() AT TIME ZONE 'utc')"
    def ago(ms) = "#{now} - (#{ms}) * interval '1 ms'"
    def series(rows) = "generate_series(1, #{rows}) i"
    def queue(queues) = "'queue_' || i % #{queues}"
    def analyse = 'VACUUM ANALYZE delayed_jobs'

    def create
      'CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, priority integer DEFAULT 0 NOT NULL,
         attempts integer DEFAULT 0 NOT NULL, handler text NOT NULL, last_error text, run_at timestamp(6),
         locked_at timestamp(6), failed_at timestamp(6), locked_by varchar, queue varchar,
         created_at timestamp(6), updated_at timestamp(6))'
    end
  end

  # MariaDB's.
  class MariadbWords
    def initialize(server)
      @client = Mysql2::Client.new(host: '127.0.0.1', port: server.port, username: 'app', password: 'pass%word',
                                   database: 'app')
    end

    def run(statement) = @client.query(statement)
    def close = @client.close
    def now = 'utc_timestamp(6)'
    def ago(ms) = "#{now} - INTERVAL (#{ms}) * 1000 MICROSECOND"
    def series(rows) = "(SELECT seq AS i FROM seq_1_to_#{rows}) n"
    def queue(queues) = "concat('queue_', i % #{queues})"
    def analyse = 'ANALYZE TABLE delayed_jobs'

    def create
      'CREATE TABLE delayed_jobs (id bigint AUTO_INCREMENT PRIMARY KEY, priority integer DEFAULT 0 NOT NULL,
         attempts integer DEFAULT 0 NOT NULL, handler text NOT NULL, last_error text, run_at datetime(6),
         locked_at datetime(6), failed_at datetime(6), locked_by varchar(255), queue varchar(255),
         created_at datetime(6), updated_at datetime(6))'
    end
  end
end
