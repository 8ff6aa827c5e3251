# SPDX-License-Identifier: MIT
# ROWS: of the tables, the least first. MIXES is all of DelayedJobs::MIXES in make bench-full, those that differ most
# otherwise.
module Bench
  # Entries of the index, from one priority to the next and the newest due first, and no row: the least.
  WALK = <<~SQL.tr("\n", ' ').freeze
    WITH RECURSIVE p(priority) AS ((SELECT min(priority) FROM delayed_jobs) UNION ALL
      SELECT (SELECT min(d.priority) FROM delayed_jobs d WHERE d.priority > p.priority)
      FROM p WHERE p.priority IS NOT NULL)
    SELECT count(*) FROM (SELECT 1 FROM p CROSS JOIN LATERAL (SELECT 1 FROM delayed_jobs d
        WHERE d.priority = p.priority AND run_at <= now() AT TIME ZONE 'utc' ORDER BY d.run_at DESC LIMIT 1000) j
      LIMIT 1000) w
  SQL

  POSTGRES_SETTINGS = %w[shared_buffers=1GB autovacuum=off max_wal_size=8GB synchronous_commit=off]
                      .flat_map { |setting| ['-c', setting] }.freeze
  COLLECTORS = %w[hirefire judoscale].freeze

  scenario 'delayedjob', "a look into Delayed Job's table on PostgreSQL, with 1000 as the greatest threshold" do
    postgres = server('postgres', *POSTGRES_SETTINGS)
    words = closing(PostgresWords.new(postgres))
    jobs = DelayedJobs.new(words)
    mixes = full? ? DelayedJobs::MIXES.keys : %i[ready future failed fewfail]
    sizes = numbers('ROWS', [10_000, 100_000, 500_000], [10_000, 100_000, 1_000_000, 5_000_000])
    found = Hash.new { |all, mix| all[mix] = {} }

    sizes.product(mixes).each do |rows, mix|
      next unless rows == sizes.last || %i[ready fewfail].include?(mix)

      jobs.fill(mix, rows)
      jobs.analyse
      found[mix][rows] = compare({ rows: rows, mix: mix },
        'dynomatic' => -> { look(postgres, 'delayedjob', '1000:w') },
        'dynomatic, counts and ages' => -> { look(postgres, 'delayedjob', '1000:wl') },
        'least' => -> { peer(postgres, 'sql', WALK) },
        'SELECT 1' => -> { peer(postgres, 'sql', 'SELECT 1') },
        'Delayed::Job' => -> { peer(postgres, 'delayedjob_library') },
        'hirefire' => -> { peer(postgres, 'delayedjob_hirefire') },
        'judoscale' => -> { peer(postgres, 'delayedjob_judoscale') },
        'dynomatic gem' => -> { peer(postgres, 'delayedjob_gem') })
    end

    rows = sizes.last
    largest = found.transform_values { |by_rows| by_rows[rows] }
    { wall: 'wall', server: 'server CPU' }.each do |what, words_|
      worst = largest.values.filter_map { |one| one.least_ratio(COLLECTORS, 'dynomatic', what) }.min_by(&:median)
      goal("Delayed Job, #{rows} rows (set for 5000000), the worst mix: #{words_} of hirefire and judoscale / ours",
           worst, least: 50)
    end
    { ready: 3, future: 3, failed: 5 }.each do |mix, most|
      goal("Delayed Job, #{rows} rows, #{DelayedJobs::MIXES[mix]}: ours / the walk over the index",
           largest[mix].ratio('dynomatic', 'least', :wall), most: most)
    end
    slowest = largest.values.map { |one| one.figure('dynomatic', :wall) }.max_by(&:median)
    goal("Delayed Job, #{rows} rows: ours in the worst mix", slowest * 1e-3, most: 10, unit: 'ms')
    { ready: 2, fewfail: 4 }.each do |mix, most|
      small, large = found[mix].values_at(sizes.first, rows).map { |one| one.figure('dynomatic', :wall) }
      goal("Delayed Job, #{DelayedJobs::MIXES[mix]}: ours with #{rows} rows / with #{sizes.first}",
           large / small, most: most)
    end
  end

  scenario 'delayedjob-fresh', "the same of a table that was never analysed" do
    postgres = server('postgres', *POSTGRES_SETTINGS)
    words = closing(PostgresWords.new(postgres))
    jobs = DelayedJobs.new(words)
    rows = number('ROWS', 300_000, 1_000_000)
    jobs.fill(:future, rows)
    ways = { 'dynomatic' => -> { look(postgres, 'delayedjob', '1000:w') },
             'hirefire' => -> { peer(postgres, 'delayedjob_hirefire') } }
    fresh = compare({ rows: rows, state: 'never analysed' }, ways)
    jobs.analyse
    analysed = compare({ rows: rows, state: 'analysed' }, ways)
    goal("Delayed Job, #{rows} rows, 1 % due: never analysed / analysed",
         fresh.figure('dynomatic', :wall) / analysed.figure('dynomatic', :wall), most: 2)
  end

  # QUEUES: how many; in each of them jobs wait.
  scenario 'delayedjob-queues', "a look at N queues of Delayed Job at once, of a group each" do
    postgres = server('postgres', *POSTGRES_SETTINGS)
    words = closing(PostgresWords.new(postgres))
    rows = number('ROWS', 100_000, 1_000_000)
    numbers('QUEUES', [1, 10, 100, 1000]).each do |queues|
      DelayedJobs.new(words).fill(:ready, rows, queues: queues)
      words.run(words.analyse)
      names = Array.new(queues) { |n| "queue_#{n}" }
      groups = names.map { |queue| "1000:w:#{queue}" }
      compare({ queues: queues },
        'dynomatic' => -> { look(postgres, 'delayedjob', *groups) },
        'hirefire, all at once' => -> { peer(postgres, 'delayedjob_hirefire', *names) },
        'judoscale' => -> { peer(postgres, 'delayedjob_judoscale') })
    end
  end

  # PAYLOADS: bytes of a job's handler.
  scenario 'delayedjob-payload', 'a look at a table whose jobs are large' do
    postgres = server('postgres', *POSTGRES_SETTINGS)
    words = closing(PostgresWords.new(postgres))
    numbers('PAYLOADS', [200, 10_000, 100_000]).each do |bytes|
      DelayedJobs.new(words).fill(:failed, 2000, bytes: bytes)
      words.run(words.analyse)
      compare({ bytes: bytes },
        'dynomatic' => -> { look(postgres, 'delayedjob', '1000:wl') },
        'hirefire' => -> { peer(postgres, 'delayedjob_hirefire') },
        'judoscale' => -> { peer(postgres, 'delayedjob_judoscale') })
    end
  end

  # ROWS: of the table.
  scenario 'mariadb', "a look into Delayed Job's table on MariaDB" do
    mariadb = server('mariadb')
    words = closing(MariadbWords.new(mariadb))
    numbers('ROWS', [100_000], [10_000, 100_000, 1_000_000]).product(%i[ready fewfail]).each do |rows, mix|
      jobs = DelayedJobs.new(words)
      jobs.fill(mix, rows)
      jobs.analyse
      compare({ rows: rows, mix: mix },
        'dynomatic' => -> { look(mariadb, 'delayedjob', '1000:w') },
        'Delayed::Job' => -> { peer(mariadb, 'delayedjob_library') },
        'hirefire' => -> { peer(mariadb, 'delayedjob_hirefire') },
        'judoscale' => -> { peer(mariadb, 'delayedjob_judoscale') })
    end
  end
end
