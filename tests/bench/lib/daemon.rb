# SPDX-License-Identifier: MIT
require 'json'
require 'socket'
require 'time'

module Bench
  # Processes that would not end with the harness: they do, also where it fails.
  @running = []
  at_exit { @running.each { |pid| Process.kill('TERM', pid) } }

  class << self
    attr_reader :running
  end

  # The fake platform (tests/fake-heroku), which tells when each request came.
  class Platform
    APP = 'myapp'
    TOKEN = 'HRKU-AAbench-token'
    PATIENCE = 60 # seconds
    LIMITS = %w[--rate-limit 1000000:1000 --limit app=0 --limit type=0].freeze # what is measured is not the platform's

    attr_reader :url, :port

    # An app with these process types, which have no dynos. Without is_told nobody waits for requests.
    def initialize(types, is_told: true)
      @requests = Hash.new { |all, key| all[key] = Queue.new }
      ports = Tempfile.new('bench-port')
      program = File.join(ENV.fetch('top_builddir'), 'dynomatic-fake-heroku')
      words = ['--app', APP, *types.flat_map { |type| ['--formation', "#{type}=0"] }]
      words.push('--log', '/dev/null') unless is_told
      words.push('--port', '0', '--port-file', ports.path, '--token', TOKEN, *LIMITS)
      @process = IO.popen([program, *words, { err: File::NULL }])
      Bench.running << @process.pid
      sleep 0.01 until File.size?(ports.path)
      @port = File.read(ports.path).to_i
      @url = "http://127.0.0.1:#{@port}"
      @reader = Thread.new { @process.each_line { |line| take(JSON.parse(line)) } }
    end

    # When the next request of that kind came: :any, or [type, quantity]; seconds of the clock on the wall.
    def wait(kind)
      Timeout.timeout(PATIENCE) { @requests[kind].pop }
    rescue Timeout::Error
      raise Failure, "the platform got no request #{kind.inspect} within #{PATIENCE} s"
    end

    def forget = @requests.each_value(&:clear)

    # The bytes of a request that sets a size, as the host sends them.
    def request(type, quantity)
      body = JSON.generate(updates: [{ type: type, quantity: quantity }])
      "PATCH /apps/#{APP}/formation HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer #{TOKEN}\r\n" \
        "Accept: application/vnd.heroku+json; version=3\r\nContent-Type: application/json\r\n" \
        "Content-Length: #{body.bytesize}\r\n\r\n#{body}"
    end

    def close
      Process.kill('TERM', @process.pid)
      Bench.running.delete(@process.pid)
      @reader.join
      @process.close
    end

    private

    def take(request)
      at = Time.parse(request['time']).to_f
      @requests[:any].push(at)
      return unless request['method'] == 'PATCH'

      JSON.parse(request['body'])['updates'].each { |update| @requests[update.values_at('type', 'quantity')].push(at) }
    end
  end

  # `dynomatic run` on a configuration, which is a Hash: JSON is YAML too.
  class Daemon
    attr_reader :pid

    # Without a platform it is one that nobody asks.
    def self.scaler(platform, **more)
      url = platform ? platform.url : 'http://127.0.0.1:9'
      { backend: 'heroku-formation', app: Platform::APP, token: Platform::TOKEN, api_url: url, **more }
    end

    # One pool of all queues of one store, which wants a dyno when a job waits.
    def self.one_pool(platform, adapter, url, **more)
      { queue: { adapter: adapter, url: url }, scaler: scaler(platform), rules: [{ at_least: 1, dynos: 1 }], **more }
    end

    def self.program = File.join(ENV.fetch('top_builddir'), 'dynomatic')

    def initialize(configuration)
      @folder = Dir.mktmpdir('dynomatic-bench')
      File.write(file, JSON.generate(configuration))
      @pid = spawn(self.class.program, '-c', file, 'run', %i[out err] => "#{@folder}/log", in: '/dev/null')
      Bench.running << @pid
    end

    def file = "#{@folder}/dynomatic.yml"
    def log = File.read("#{@folder}/log")

    # Raises if it has ended.
    def must_run
      return unless Process.wait(@pid, Process::WNOHANG)

      Bench.running.delete(@pid)
      refused = $CHILD_STATUS.exitstatus == 2 # the configuration
      raise refused ? Missing : Failure, "dynomatic run ended: #{log.lines.first}"
    end

    def close
      return unless Bench.running.include?(@pid)

      Process.kill('TERM', @pid)
      Process.wait(@pid)
      Bench.running.delete(@pid)
      raise Failure, "dynomatic run ended with #{$CHILD_STATUS.exitstatus}:\n#{log}" unless $CHILD_STATUS.success?
    ensure
      FileUtils.rm_rf(@folder)
    end
  end
end
