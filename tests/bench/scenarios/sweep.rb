# SPDX-License-Identifier: MIT
# What looking once a second at many pools costs the daemon and the server. SECONDS: how long each is watched.
module Bench
  # `dynomatic run` over so many pools, whose sizes nobody changes; what it uses, in a second, in each round.
  class Sweep
    PATIENCE = 120 # seconds until each pool was looked at

    # common: what all pools share; own: what the pool of that number has of its own. A file has at most 1 MiB.
    def initialize(server, pools, common, own)
      @server = server
      @pools = pools
      types = Array.new(pools) { |n| "w#{n}" }
      @platform = Platform.new(types, is_told: false)
      named = types.each_with_index.to_h { |type, n| [type, own.call(n)] }
      @daemon = Daemon.new({ **configuration, **common, pools: named })
      settle
    end

    def round(seconds)
      before = usage
      sleep seconds # an interval of the clock is what is measured
      took = usage.zip(before).map { |now, then_| now - then_ }
      client, server, wakeups, at = took
      { client: client / at, server: server / at, wakeups: wakeups / at }
    end

    def memory_kb = Usage.memory_kb(@daemon.pid)

    def close
      @daemon&.close
      @platform.close
    end

    private

    # Sizes are read so seldom that looking at queues is what is left.
    def configuration
      { interval: '1s', rules: [{ at_least: 1_000_000, dynos: 1 }],
        scaler: Daemon.scaler(@platform, read_every: '1h', dynos: 'no') }
    end

    # Until it has looked everywhere: the server has got what a second takes, and then another second's.
    def settle
      deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + PATIENCE
      first = commands
      until commands - first > 3 * @pools
        late = Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
        raise Failure, "#{@pools} pools: not looked at within #{PATIENCE} s:\n#{@daemon.log[0, 2000]}" if late

        @daemon.must_run
        sleep 0.2
      end
    end

    def commands
      redis = Redis.new(url: @server.url)
      redis.info['total_commands_processed'].to_i
    ensure
      redis.close
    end

    def usage
      [Usage.cpu_us(@daemon.pid), Usage.cpu_us(@server.pid), Usage.wakeups(@daemon.pid),
       Process.clock_gettime(Process::CLOCK_MONOTONIC)]
    end
  end

  class Scenario
    # Nil where this build does not take so many.
    def sweep(server, case_, common, &own)
      with_missing("#{name}: #{Bench.case_words(case_)}") { watch_sweep(server, case_, common, &own) }
    end

    def watch_sweep(server, case_, common, &own)
      sweep = Sweep.new(server, case_.values.first, common, own)
      turns = Array.new(rounds) { sweep.round(number('SECONDS', 2, 5)) }
      units = { client: 'us/s', server: 'us/s', wakeups: '1/s' }
      found = units.to_h { |what, unit| [what, figure(what.to_s, unit, turns.map { |turn| turn[what] }, case_)] }
      found.update(sweep.memory_kb.to_h { |what, kb| [what, figure(what.to_s, 'kB', [kb], case_)] })
      head = [Bench.case_words(case_), 'CPU us/s', 'server us/s', 'wake-ups/s', 'Rss kB', 'dirty kB']
      say(Bench.table(head, [['dynomatic run', *found.values_at(:client, :server, :wakeups, :rss, :dirty)]]))
      found
    ensure
      sweep&.close
    end
  end

  # POOLS: how many, the fewest first.
  scenario 'sweep', 'many pools of one Redis, looked at each second' do
    redis = server('redis')
    queue = { queue: { adapter: 'sidekiq', url: redis.url } }
    found = numbers('POOLS', [1, 10, 100, 1000], [1, 10, 100, 1000, 10_000]).to_h do |pools|
      [pools, sweep(redis, { pools: pools }, queue) { |n| { queues: ["queue_#{n}"] } }]
    end
    found.compact!
    (few, one), (many, all) = found.first, found.to_a.last
    goal("#{many} pools of one Redis (set for 10000), each second: of one core", all[:client] * 1e-4, most: 1, unit: '%')
    next if few == many

    goal("#{many} pools of one Redis: memory that a pool adds, private and dirty",
         Figure.new([(all[:dirty].median - one[:dirty].median) * 1024.0 / (many - few)]), most: 500, unit: 'B')
  end

  # STORES: how many. They are databases of one server, each with a connection of its own, since their URLs differ.
  scenario 'stores', 'many Redis stores of a pool each, looked at each second' do
    stores = numbers('STORES', [1, 10, 100], [1, 10, 100, 1000])
    redis = server('redis', '--databases', stores.max.to_s, '--maxclients', '10000')
    stores.each do |number|
      sweep(redis, { stores: number }, {}) do |n|
        { queue: { adapter: 'sidekiq', url: redis.url.sub(%r{/0\z}, "/#{n}") } }
      end
    end
  end

  # SECONDS: how long it is watched.
  scenario 'idle', 'one pool that is looked at each 10 seconds' do
    redis = server('redis')
    platform = closing(Platform.new(['worker']))
    daemon = closing(Daemon.new(Daemon.one_pool(platform, 'sidekiq', redis.url, interval: '10s')))
    2.times { platform.wait(:any) }
    wakeups = Array.new(2) do
      before = Usage.wakeups(daemon.pid)
      sleep(number('SECONDS', 10, 60)) # an interval of the clock is what is measured
      (Usage.wakeups(daemon.pid) - before) * 60.0 / number('SECONDS', 10, 60)
    end
    found = figure('wakeups', '1/min', wakeups)
    say("#{found} wake-ups a minute")
  end
end
