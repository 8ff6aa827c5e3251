# SPDX-License-Identifier: MIT
# Plays the main job and shows it: see bin/demo, which calls it with the folder of the programs.
require_relative 'app'
require_relative 'tables'
require 'json'
require 'net/http'

PROGRAMS = ARGV.fetch(0)
WORK = File.dirname(ENV.fetch('DATABASE_URL').delete_prefix('sqlite3:'))
# How many jobs come in each second: a few, a wave, and a late one.
ARRIVALS = [0, 0, 1, 1, 1, 0, 0, 4, 6, 8, 9, 9, 9, 8, 6, 4, 3, 2, 2, 1, 1, 1, 0, 0, 0, 0, 0, 1].freeze
SECONDS = [0.6, 1.1, 0.9, 1.4, 0.8].freeze # what they take
PATIENCE = 150 # seconds for all of it

# Colours, where a person looks at a terminal.
module Paint
  ON = $stdout.tty? && !ENV.key?('NO_COLOR')
  CODES = { jobs: 33, up: 32, grey: 90, bold: 1 }.freeze
  def self.call(style, text)
    ON ? "\e[#{CODES.fetch(style)}m#{text}\e[0m" : text
  end
end

# The stand-in for Heroku, with the app's dynos.
class Platform
  def initialize
    port_file = File.join(WORK, 'port')
    @pid = spawn("#{PROGRAMS}/dynomatic-fake-heroku", '--port', '0', '--port-file', port_file,
                 '--app', ENV.fetch('HEROKU_APP_NAME'), '--token', ENV.fetch('HEROKU_TOKEN'),
                 '--procfile', File.join(__dir__, 'Procfile'), '--formation', 'worker=0',
                 '--env', "DATABASE_URL=#{ENV.fetch('DATABASE_URL')}",
                 '--log', log, '--dyno-log', File.join(WORK, 'dynos.log'), err: File.join(WORK, 'platform.log'))
    Show.wait_for('the stand-in for Heroku') { File.size?(port_file) }
    @port = Integer(File.read(port_file))
  end

  attr_reader :pid

  def log = File.join(WORK, 'requests.log')
  def url = "http://127.0.0.1:#{@port}"
  def ask(path) = JSON.parse(Net::HTTP.get('127.0.0.1', "/_fake/#{path}", @port))

  # How many dynos run, boot, and end their last job.
  def dynos
    states = ask('state').dig('apps', 0, 'dynos').map { |dyno| dyno['state'] }
    [states.count('up'), states.count { |s| %w[starting crashed].include?(s) }, states.count('stopping')]
  end
end

# dynomatic itself. Its log is read as it grows.
class Scaler
  def initialize
    @log = File.join(WORK, 'dynomatic.log')
    @pid = spawn("#{PROGRAMS}/dynomatic", '-c', File.join(__dir__, 'dynomatic.yml'), 'run',
                 err: @log, out: File::NULL)
    Show.wait_for('dynomatic') { File.size?(@log) }
    @file = File.open(@log)
  end

  attr_reader :pid

  # What it decided since it was asked last: "1 -> 3 (8 waiting ...)".
  def news
    @file.readlines.filter_map { |line| line[/subject=worker msg="(.*)"$/, 1] }
  end
end

# Starts the parts, feeds jobs, draws a line each second, sums up.
class Show
  def self.wait_for(what, seconds = 20)
    deadline = now + seconds
    sleep 0.02 until (done = yield) || now > deadline
    done or abort "demo: #{what} did not start in #{seconds} s; what it said:\n#{said}"
  end

  def self.said = Dir[File.join(WORK, '*.log')].map { |f| "#{File.basename(f)}:\n#{File.read(f)}" }.join("\n")
  def self.now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def run
    make_tables
    ActiveRecord::Base.connection.execute('PRAGMA journal_mode = WAL') # workers read while one writes
    @platform = Platform.new
    ENV['HEROKU_API_URL'] = @platform.url
    @scaler = Scaler.new
    @came = @most = @oldest = 0
    tell
    @start = Show.now
    play
    sum_up
  ensure
    stop
  end

  private

  def tell
    puts "Jobs come, #{Paint.call(:jobs, '▇')} waits; dynos work them off: " \
         "#{Paint.call(:up, '■')} runs, #{Paint.call(:grey, '□')} boots, #{Paint.call(:grey, '×')} ends its job."
    puts Paint.call(:bold, format('%5s %8s %-31s %7s  %-6s %s', '', 'waiting', '', 'oldest', 'dynos', 'dynomatic'))
  end

  def play
    second = 0
    until over?
      enqueue(ARRIVALS.fetch(second, 0))
      draw(second)
      second += 1
      abort "demo: not done after #{PATIENCE} s. #{Show.said}" if second > PATIENCE
      sleep [@start + second - Show.now, 0].max
    end
    draw(second)
  end

  # All came, all are done, and no dyno is left.
  def over?
    @came == ARRIVALS.sum && Delayed::Job.count.zero? && @platform.dynos.sum.zero?
  end

  def enqueue(jobs)
    Delayed::Job.transaction do
      jobs.times do
        Delayed::Job.enqueue(Report.new(SECONDS[@came % SECONDS.size]))
        @came += 1
      end
    end
  end

  def draw(second)
    waiting = Delayed::Job.where(locked_at: nil, failed_at: nil)
    count = waiting.count
    oldest = count.zero? ? 0 : [Time.now.utc - waiting.minimum(:run_at), 0].max
    @most = [@most, count].max
    @oldest = [@oldest, oldest].max
    decided = @scaler.news
    decided << '' if decided.empty?
    puts format("%4ds %8d %s %6.1fs  %s %s", second, count, bar(count), oldest, squares, decided.shift)
    decided.each { |news| puts "#{' ' * 61}#{news}" }
    $stdout.flush
  end

  def bar(count)
    width = [count, 30].min
    Paint.call(:jobs, '▇' * width) + (count > 30 ? '+' : ' ') + ' ' * (30 - width)
  end

  def squares
    up, booting, ending = @platform.dynos
    Paint.call(:up, '■' * up) + Paint.call(:grey, ('□' * booting) + ('×' * ending)) +
      ' ' * [6 - up - booting - ending, 0].max
  end

  def sum_up
    total = @platform.ask('summary')
    seconds = total.dig('dyno_seconds', 'worker').round
    most = total.dig('max_quantity', 'worker')
    calls = total.fetch('by_method')
    left = Delayed::Job.where.not(last_error: nil).count
    puts
    puts Paint.call(:bold, 'In the end')
    puts format('  %-16s %s', 'jobs done', "#{@came - Delayed::Job.count} of #{@came}#{", #{left} failed" if left.positive?}")
    puts format('  %-16s %d', 'most waiting', @most)
    puts format('  %-16s %.1f s', 'longest wait', @oldest)
    puts format('  %-16s %d; %d dynos all the time would be %d', 'dyno-seconds', seconds, most,
                most * (Show.now - @start))
    puts format('  %-16s %s', 'API calls', calls.map { |method, n| "#{n} #{method}" }.join(', '))
    puts format('  %-16s %d', 'dynos killed', total.fetch('kills'))
  end

  # By their numbers, and only those that were started here.
  def stop
    [@scaler, @platform].compact.each do |part|
      Process.kill(:TERM, part.pid)
      Process.wait(part.pid)
    rescue Errno::ESRCH, Errno::ECHILD
      next
    end
  end
end

%w[INT TERM HUP].each { |signal| trap(signal) { exit 130 } }
Show.new.run
