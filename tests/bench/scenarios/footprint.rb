# SPDX-License-Identifier: MIT
# Memory, and the time from the start of a process to its first request to the platform, beside Ruby processes that have
# loaded what they take, asked once, and sent a request.
module Bench
  # How a process starts, and what it then holds.
  class Footprint
    def initialize(platform, command)
      @platform = platform
      @command = command
    end

    # A turn: ms until the platform was asked, ms of processors until then, and kB after the block has returned.
    def turn
      @platform.forget
      from = Process.clock_gettime(Process::CLOCK_REALTIME)
      process = IO.popen([*@command, err: File::NULL], 'r+')
      came = @platform.wait(:any)
      cpu = Usage.cpu_us(process.pid)
      yield
      pid = Usage.family(process.pid).last
      { start: (came - from) * 1e3, cpu: cpu / 1e3, **Usage.memory_kb(pid) }
    ensure
      Process.kill('TERM', pid || process.pid)
      process.close
    end
  end

  scenario 'footprint', 'memory, and the time until the first request' do
    platform = closing(Platform.new(%w[sidekiq delayedjob resque]))
    redis = server('redis')
    postgres = server('postgres')
    DelayedJobs.new(closing(PostgresWords.new(postgres))).fill(:ready, 100)
    RedisJobs.new(redis).fill(1)
    RedisJobs.new(redis, 'resque:').fill(1)

    urls = { 'sidekiq' => redis.url, 'resque' => redis.url, 'delayedjob' => postgres.url }
    host = lambda do |*adapters|
      pools = adapters.to_h { |adapter| [adapter, { queue: { adapter: adapter, url: urls[adapter] } }] }
      # Nothing to change: what it has done after two requests it does for ever.
      file = file_of(scaler: Daemon.scaler(platform), rules: [{ at_least: 1_000_000, dynos: 1 }], pools: pools)
      Footprint.new(platform, [Daemon.program, '-c', file, 'run'])
    end
    idle = "#{__dir__}/../peers/idle.rb"
    ruby = lambda do |peer, url|
      Footprint.new(platform, Gems.command('peers', 'ruby', idle, peer, url, platform.url))
    end
    ways = {
      'dynomatic, sidekiq' => -> { host['sidekiq'] },
      'dynomatic, delayedjob' => -> { host['delayedjob'] },
      'dynomatic, all' => -> { host['sidekiq', 'resque', 'delayedjob'] },
      'Ruby, bare' => -> { Footprint.new(platform, ['ruby', idle, 'nothing', '', platform.url]) },
      'Ruby, dynomatic gem and Delayed Job' => -> { ruby['delayedjob_gem', postgres.url] },
      'Ruby, hirefire and Sidekiq' => -> { ruby['sidekiq_hirefire', redis.url] },
      'Ruby, judoscale and Sidekiq' => -> { ruby['sidekiq_judoscale', redis.url] },
    }
    found = turns_of(ways) { sleep 1.5 } # until the first looks are over
    what = { dirty: 'private and dirty', rss: 'Rss', start: 'first request' }
    { 'Ruby, dynomatic gem and Delayed Job' => { dirty: 8, rss: 3, start: 5 },
      'Ruby, judoscale and Sidekiq' => { dirty: 5, start: 3 } }.each do |peer, goals|
      goals.each do |key, least|
        goal("#{peer} / ours with all plugins: #{what[key]}", found.call(peer, 'dynomatic, all', key), least: least)
      end
    end
  end

  class Scenario
    FOOTPRINT = { start: 'ms', cpu: 'ms', rss: 'kB', pss: 'kB', dirty: 'kB' }.freeze

    # In turns; returns what tells the ratio of two in something.
    def turns_of(ways, &settle)
      processes = ways.filter_map { |way, make| with_missing("#{name}: #{way}") { [way, make.call] } }.to_h
      turns = processes.transform_values { [] }
      rounds.times { processes.each { |way, process| turns[way] << process.turn(&settle) } }
      rows = turns.map do |way, list|
        figures = FOOTPRINT.map { |what, unit| figure("#{way}: #{what}", unit, list.map { |turn| turn[what] }) }
        [way, *figures]
      end
      say(Bench.table(['', 'first request ms', 'CPU ms', 'Rss kB', 'Pss kB', 'dirty kB'], rows))
      lambda do |one, other, what|
        lists = turns.values_at(one, other)
        lists.all? ? lists.map { |list| Figure.new(list.map { |turn| turn[what] }) }.reduce(:/) : nil
      end
    end
  end
end
