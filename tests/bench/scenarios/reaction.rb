# SPDX-License-Identifier: MIT
# From just before a job is written until the platform has read that a dyno is wanted, from no dyno. TRIALS: how many.
module Bench
  QUANTILES = { p50: 0.5, p90: 0.9, p99: 0.99, max: 1.0 }.freeze

  # What a trial writes, as the library does, and takes away again. One for each lane: connections are not shared.
  class SidekiqWriter
    def initialize(server, lane)
      @redis = Redis.new(url: server.url)
      @queue = "queue_#{lane}"
      @payload = RedisJobs.new(server).payload(lane, 200)
      write # connects
      remove
    end

    def write
      @redis.pipelined do |pipeline|
        pipeline.sadd('queues', [@queue])
        pipeline.lpush("queue:#{@queue}", [@payload])
      end
    end

    def remove = @redis.del("queue:#{@queue}")
  end

  class DelayedJobWriter
    NOW = "now() AT TIME ZONE 'utc'".freeze
    INSERT = 'INSERT INTO delayed_jobs (priority, attempts, handler, run_at, queue, created_at, updated_at) ' \
             "VALUES (0, 0, $1, #{NOW}, $2, #{NOW}, #{NOW}) RETURNING id".freeze

    def initialize(server, lane)
      @connection = PG.connect(server.url)
      @queue = "queue_#{lane}"
      write
      remove
    end

    def write = @connection.exec_params(INSERT, ['x' * 350, @queue])
    def remove = @connection.exec_params('DELETE FROM delayed_jobs WHERE queue = $1', [@queue])
  end

  # Lanes are pools that take trials at the same time, each in its own: so many that a trial, which takes an interval
  # or two where no event comes, takes little of the run. Where they do there is one, since idle is what is tried, and
  # the pause is longer than the interval.
  class Reaction
    PARTS = 4 # in turns with the least

    def initialize(queue, lanes, writers, pause)
      @types = Array.new(lanes) { |lane| "worker#{lane}" }
      @platform = Platform.new([*@types, 'least'])
      *@writers, @nobodys = Array.new(lanes + 1) { |lane| writers.call(lane) }
      @pause = pause
      @daemon = Daemon.new(configuration(queue))
      2.times { @platform.wait(:any) } # it knows the sizes
      trial(0) # ... and what waits
    end

    # Seconds of each trial, and of the same number of the least.
    def run(trials)
      ours = []
      least = []
      PARTS.times do
        ours.concat(in_lanes((trials / PARTS / @types.size.to_f).ceil))
        least.concat(Array.new(trials / PARTS) { least_trial })
      end
      [ours, least]
    end

    def close
      @daemon.close
      @platform.close
    end

    private

    def configuration(queue)
      pools = @types.each_with_index.to_h { |type, lane| [type, { queues: ["queue_#{lane}"] }] }
      { interval: '1s', queue: queue, scaler: Daemon.scaler(@platform), rules: [{ at_least: 1, dynos: 1 }],
        scale_down: { after: '0s', protect: 'none' }, pools: pools }
    end

    def in_lanes(times)
      lanes = Array.new(@types.size) { |lane| Thread.new { Array.new(times) { trial(lane) } } }
      lanes.flat_map(&:value)
    end

    def trial(lane)
      sleep(rand(@pause)) # so that no trial knows when the daemon looks
      wrote = Process.clock_gettime(Process::CLOCK_REALTIME)
      @writers[lane].write
      came = @platform.wait([@types[lane], 1])
      @writers[lane].remove
      @platform.wait([@types[lane], 0])
      came - wrote
    end

    # Who writes the job asks for the dyno; to a queue that no pool has.
    def least_trial
      @socket ||= TCPSocket.new('127.0.0.1', @platform.port).tap { |socket| socket.setsockopt(:TCP, :NODELAY, true) }
      request = @platform.request('least', 1)
      wrote = Process.clock_gettime(Process::CLOCK_REALTIME)
      @nobodys.write
      @socket.write(request)
      came = @platform.wait(['least', 1])
      answer = @socket.gets("\r\n\r\n")
      @socket.read(answer[/^content-length: (\d+)/i, 1].to_i)
      @nobodys.remove
      came - wrote
    end
  end

  class Scenario
    # Lanes, seconds of pause between trials, and how many there are, in make bench and in make bench-full.
    MODES = { 'without events' => [20, 0.0..1.0, [100, 500]], 'by events' => [1, 1.1..1.6, [40, 500]] }.freeze

    # Runs the trials, and says and keeps what they found: figures by quantile, in ms.
    def react(store, mode, queue, &writers)
      lanes, pause, trials = MODES.fetch(mode)
      reaction = Reaction.new(queue, lanes, writers, pause)
      found = %i[ours least].zip(reaction.run(number('TRIALS', *trials))).to_h
      found.to_h do |who, seconds|
        ms = Figure.new(seconds.map { |second| second * 1e3 })
        samples(who.to_s, 'ms', ms.values, store: store, mode: mode)
        figures = QUANTILES.transform_values { |share| Figure.new([ms.quantile(share)]) }
        figures[:p50] = ms.part_quantiles(0.5, Reaction::PARTS)
        figures.each { |key, figure| figure("#{who}: #{key}", 'ms', figure, store: store, mode: mode) }
        [who, figures]
      end.tap { |all| tell_reaction(store, mode, all) }
    ensure
      reaction&.close
    end

    def tell_reaction(store, mode, found)
      names = { ours: "#{store}, #{mode}", least: '  the least' }
      rows = found.map { |who, figures| [names[who], *figures.values] }
      say(Bench.table(['ms', *QUANTILES.keys], rows))
    end

    # A push is judged beside the least of its own run.
    def push_goals(store, found, times)
      ours, least = found.values_at(:ours, :least)
      goal("reaction, #{store} by events: p50 / that of the least", ours[:p50] / least[:p50], most: times)
      return unless store == 'Sidekiq'

      behind = Figure.new([ours[:p99].median - least[:p99].median])
      goal("reaction, #{store} by events: p99 behind that of the least", behind, most: 5, unit: 'ms')
    end

    def poll_goals(store, found)
      goal("reaction, #{store} without events, at an interval of 1 s: p50", found[:ours][:p50], most: 550, unit: 'ms')
      goal("reaction, #{store} without events, at an interval of 1 s: p99", found[:ours][:p99], most: 1020, unit: 'ms')
    end
  end

  scenario 'reaction', 'from a job that is written to the platform, from no dyno' do
    silent = server('redis', *WITHOUT_EVENTS)
    telling = server('redis')
    writer = ->(redis) { ->(lane) { SidekiqWriter.new(redis, lane) } }
    poll_goals('Sidekiq', react('Sidekiq', 'without events', { adapter: 'sidekiq', url: silent.url }, &writer[silent]))
    push_goals('Sidekiq', react('Sidekiq', 'by events', { adapter: 'sidekiq', url: telling.url }, &writer[telling]), 2)

    postgres = server('postgres', '-c', 'fsync=on')
    words = closing(PostgresWords.new(postgres))
    DelayedJobs.new(words).fill(:ready, 0)
    queue = { adapter: 'delayedjob', url: postgres.url }
    insert = ->(lane) { DelayedJobWriter.new(postgres, lane) }
    poll_goals('Delayed Job', react('Delayed Job', 'without events', queue, &insert))
    words.run(notify_sql('delayedjob', postgres.url))
    push_goals('Delayed Job', react('Delayed Job', 'by events', queue, &insert), 3)
  end
end
