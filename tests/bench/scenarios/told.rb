# SPDX-License-Identifier: MIT
# What it costs the application that we are told of its jobs: its own writes, where nobody watches and where we do.
module Bench
  # So many clients that insert jobs, each as fast as it can: pgbench.
  class Inserts
    CLIENTS = 8
    EACH = 250
    INSERT = "INSERT INTO delayed_jobs (priority, attempts, handler, run_at, queue, created_at, updated_at) VALUES " \
             "(0, 0, repeat('x', 350), now(), 'queue_0', now(), now());".freeze

    def initialize(server)
      @server = server
      @script = Tempfile.new('bench-insert')
      @script.write(INSERT)
      @script.close
      @program = [*ENV['PATH'].split(':'), *Dir['/usr/lib/postgresql/*/bin']].map { |folder| "#{folder}/pgbench" }
                                                                             .find { |path| File.executable?(path) }
      raise Missing, 'pgbench is missing; it comes with PostgreSQL' unless @program
    end

    def turn
      before = used
      said = IO.popen([@program, '-n', '-c', CLIENTS.to_s, '-j', '2', '-t', EACH.to_s, '-f', @script.path, @server.url,
                       err: %i[child out]], &:read)
      tps = said[/^tps = ([\d.]+)/, 1] or raise Failure, "pgbench: #{said}"
      client, server = used.zip(before).map { |now, then_| (now - then_) / (CLIENTS * EACH) }
      { wall: 1e6 / tps.to_f, client: client, server: server }
    end

    def used = [Process.times.then { |times| (times.cutime + times.cstime) * 1e6 }, Usage.cpu_us(@server.pid)]

    def close = @script.close!
  end

  class Scenario
    # The daemon over one store of one pool; goes on to the scenario's end.
    def watch(adapter, server)
      platform = closing(Platform.new(['worker']))
      closing(Daemon.new(Daemon.one_pool(platform, adapter, server.url)))
      platform.wait(['worker', 1])
    end
  end

  scenario 'told', 'what our watching costs those who write jobs into Redis' do
    nobody = server('redis')
    polled = server('redis', *WITHOUT_EVENTS)
    told = server('redis')
    payload = RedisJobs.new(told).payload(0, 200)
    [nobody, polled, told].each { |redis| RedisJobs.new(redis).fill(1) }
    [polled, told].each { |redis| watch('sidekiq', redis) }
    found = compare({ writes: 16 },
      'LPUSH, nobody looks' => -> { peer(nobody, 'lpush', payload) },
      'LPUSH, polled each second' => -> { peer(polled, 'lpush', payload) },
      'LPUSH, told by events' => -> { peer(told, 'lpush', payload) })
    goal('16 LPUSH in a pipeline: where we are told / where nobody looks',
         found.ratio('LPUSH, told by events', 'LPUSH, nobody looks', :wall), most: 1.03)
  end

  scenario 'told-postgresql', 'the same for PostgreSQL, each write to its disk' do
    servers = Array.new(2) { server('postgres', '-c', 'fsync=on') }
    servers.each { |one| DelayedJobs.new(closing(PostgresWords.new(one))).fill(:ready, 10) }
    trigger = notify_sql('delayedjob', servers[1].url)
    closing(PostgresWords.new(servers[1])).run(trigger)
    watch('delayedjob', servers[1])
    found = compare({ clients: Inserts::CLIENTS },
      'INSERT, nobody looks' => -> { Inserts.new(servers[0]) },
      'INSERT, trigger, jobs wait already' => -> { Inserts.new(servers[1]) })
    goal("INSERT by #{Inserts::CLIENTS} clients, jobs wait already: with our trigger / without",
         found.ratio('INSERT, trigger, jobs wait already', 'INSERT, nobody looks', :wall), most: 1.05)
  end
end
