# SPDX-License-Identifier: MIT
# Brings jobs into each state by the real Resque, and asks both the library and the adapter what they see.
# Prints a line for each test: name|what the adapter says|what it should say.
#
#   ruby resque.rb URL MEASURE...      MEASURE... is the command that asks the adapter
require 'resque'
require 'socket'

URL, *MEASURE = ARGV
Resque.redis = URL

class Quick
  @queue = :default
  def self.perform; end
end

class Slow
  @queue = :mail
  def self.perform = sleep(1000)
end

class Failing
  @queue = :default
  def self.perform = raise('it always fails')
end

def ask(group, function = 'measure')
  IO.popen([*MEASURE, "{url: '#{URL}'}", function, group], err: File::NULL, &:read).strip
end

def tell(name, got, wanted) = puts("#{name}|#{got}|#{wanted}")

def compare(name)
  tell(name, ask('0:wbf'),
       "waiting=#{Resque.info[:pending]} busy=#{Resque.info[:working]} failed=#{Resque.info[:failed]}")
end

def wait_for(seconds = 30)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
  sleep 0.1 until (done = yield) || Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
  done
end

compare('an empty server')
3.times { Resque.enqueue(Quick) }
Resque.enqueue_to(:pdf, Quick)
tell('the library has them', Resque.info[:pending], 4)
compare('jobs that wait')
tell('jobs of a queue', ask('0:w:pdf'), "waiting=#{Resque.size(:pdf)}")
Resque.enqueue(Failing)
Resque.enqueue(Slow)
# A worker as rake resque:work runs it; it works each job in a child of its own.
worker = fork do
  $stdout.reopen(File::NULL)
  Resque.redis = URL
  Resque::Worker.new('default', 'pdf', 'mail').work(0.1)
end
begin
  wait_for { Resque.working.any? { |w| w.job['queue'] == 'mail' } && Resque.info[:failed] == 1 }
  compare('one that runs, one that failed, and all others done')
  tell('the library sees it run', Resque.info[:working], 1)
  tell('its worker, by its host', ask('0:b', 'workers'), "0 #{Socket.gethostname} jobs=1 queue=mail")
  tell('it detects itself', ask('', 'detect')[/found \d+/], 'found 95')
  tell('busy by queue', ask('0:b:pdf'), 'busy=0')
ensure
  children = File.read("/proc/#{worker}/task/#{worker}/children").split.map(&:to_i)
  [worker, *children].each { |pid| Process.kill(:KILL, pid) }
  Process.wait(worker)
end
tell('a killed worker counts as busy until its heartbeat is old', ask('0:b'), 'busy=1')
Resque.redis.hset('workers:heartbeat', Resque.redis.smembers('workers').first, (Time.now - 600).iso8601)
tell('then it does not', ask('0:b'), 'busy=0')
tell('the library prunes it likewise', Resque::Worker.all_workers_with_expired_heartbeats.size, 1)
