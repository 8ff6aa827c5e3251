# SPDX-License-Identifier: MIT
# The same as reaction.rb for Judoscale: until its report arrives, which it sends each 7.5 to 10 seconds. OTHERS: how
# many trials.
module Bench
  # Takes reports: for each queue when one said that jobs wait there, or that none do.
  class Reports
    def initialize
      @server = TCPServer.new('127.0.0.1', 0)
      @seen = Hash.new { |all, key| all[key] = Queue.new }
      @thread = Thread.new { loop { take(@server.accept) } }
    end

    def url = "http://127.0.0.1:#{@server.addr[1]}"

    # The next one from now on; seconds of the clock on the wall.
    def wait(queue, is_waiting)
      @seen[[queue, is_waiting]].clear
      Timeout.timeout(60) { @seen[[queue, is_waiting]].pop }
    rescue Timeout::Error
      raise Failure, "Judoscale sent no report of #{queue} within a minute"
    end

    def close
      @thread.kill
      @server.close
    end

    private

    def take(client)
      head = client.gets("\r\n\r\n")
      body = client.read(head[/^content-length: (\d+)/i, 1].to_i)
      at = Process.clock_gettime(Process::CLOCK_REALTIME)
      depths = JSON.parse(body)['metrics'].select { |_, _, kind, _| kind == 'qd' }
      depths.each { |_, depth, _, queue| @seen[[queue, depth.positive?]].push(at) }
      client.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
      client.close
    end
  end

  scenario 'reaction-judoscale', 'from a job that is written until Judoscale reports it' do
    redis = server('redis')
    reports = closing(Reports.new)
    lanes = 20 # queues that it reports
    command = Gems.command('peers', 'ruby', "#{__dir__}/../peers/judoscale_report.rb", redis.url)
    closing(IO.popen([{ 'JUDOSCALE_URL' => reports.url }, *command, { out: File::NULL }], 'w'))
    trials = Array.new(lanes) do |lane|
      Thread.new do
        writer = SidekiqWriter.new(redis, lane)
        Array.new((number('OTHERS', 20, 100) / lanes.to_f).ceil) do
          sleep(rand * 10) # so that no trial knows when it reports
          wrote = Process.clock_gettime(Process::CLOCK_REALTIME)
          writer.write
          came = reports.wait("queue_#{lane}", true)
          writer.remove
          reports.wait("queue_#{lane}", false)
          (came - wrote) * 1e3
        end
      end
    end
    ms = Figure.new(trials.flat_map(&:value))
    samples('judoscale', 'ms', ms.values, store: 'Sidekiq', mode: 'Judoscale')
    QUANTILES.each do |key, share|
      theirs = figure("judoscale: #{key}", 'ms', [ms.quantile(share)], store: 'Sidekiq', mode: 'Judoscale')
      next unless %i[p50 p99].include?(key)

      ours = found('reaction', "ours: #{key}", { store: 'Sidekiq', mode: 'without events' })
      goal("reaction, Sidekiq: #{key} of Judoscale's report / ours without events",
           ours && Figure.new([theirs.median / ours.median]), least: 8)
    end
    found = QUANTILES.values.map { |share| Bench.short(ms.quantile(share)) }
    say(Bench.table(['ms', *QUANTILES.keys], [['judoscale', *found]]))
  end
end
