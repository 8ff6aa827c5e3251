# SPDX-License-Identifier: MIT
# Brings jobs into each state by the real Sidekiq, and asks both the library and the adapter what they see.
# Prints a line for each test: name|what the adapter says|what it should say.
#
#   ruby sidekiq.rb URL MEASURE...      MEASURE... is the command that asks the adapter
require 'sidekiq'
require 'sidekiq/api'

URL, *MEASURE = ARGV
JOBS = File.expand_path('sidekiq_jobs.rb', __dir__)
Sidekiq.configure_client { |config| config.redis = { url: URL } }
require_relative 'sidekiq_jobs'

def ask(group, function = 'measure')
  IO.popen([*MEASURE, "{url: '#{URL}'}", function, group], err: File::NULL, &:read).strip
end

def tell(name, got, wanted) = puts("#{name}|#{got}|#{wanted}")

# The library counts what is due in its sets apart from what is in queues; the poller moves it.
def due(set) = set.count { |entry| entry.at <= Time.now }

def compare(name, busy: 0)
  stats = Sidekiq::Stats.new
  schedule = Sidekiq::ScheduledSet.new
  retries = Sidekiq::RetrySet.new
  waiting = stats.enqueued + due(schedule) + due(retries)
  tell(name, ask('0:wbsrf'),
       "waiting=#{waiting} busy=#{busy} scheduled=#{schedule.size - due(schedule)} " \
       "retrying=#{retries.size - due(retries)} failed=#{stats.dead_size}")
end

def wait_for(seconds = 30)
  deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
  sleep 0.1 until (done = yield) || Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline
  done
end

compare('an empty server')
3.times { Quick.perform_async }
Quick.set(queue: 'mail').perform_async
tell('the library has them', Sidekiq::Stats.new.enqueued, 4)
compare('jobs that wait')
tell('jobs of a queue', ask('0:w:mail'), "waiting=#{Sidekiq::Queue.new('mail').size}")
Sidekiq.redis { |redis| redis.lset('queue:default', -1, redis.lindex('queue:default', -1).sub(/"enqueued_at":[0-9.]+/, "\"enqueued_at\":#{Time.now.to_f - 100}")) }
tell('latency', ask('0:l:default')[/latency=(\d+)\d{4}$/, 1], (Sidekiq::Queue.new.latency / 10).to_i.to_s)
Quick.perform_in(3600)
compare('a job for later')
Sidekiq::Client.push('class' => 'Quick', 'args' => [], 'at' => Time.now.to_f + 0.2)
wait_for { due(Sidekiq::ScheduledSet.new) == 1 }
compare('a job for later that is due, and nobody moves it')

Sidekiq::Queue.all.each(&:clear)
Sidekiq::ScheduledSet.new.clear
Slow.perform_async
Failing.perform_async
pid = spawn({ 'DYNO' => 'worker.1', 'REDIS_URL' => URL }, 'sidekiq', '-r', JOBS, '-q', 'default', '-c', '2',
            out: File::NULL, err: File::NULL)
begin
  wait_for { Sidekiq::ProcessSet.new.any? { |process| process['busy'] == 1 } && Sidekiq::RetrySet.new.size == 1 }
  compare('a job that runs, and one that failed and is tried again', busy: 1)
  tell('its worker, by the dyno', ask('0:b', 'workers')[/\A0 (\S+) jobs=(\d)/], '0 worker.1 jobs=1')
  tell('it detects itself', ask('', 'detect')[/found \d+/], 'found 95')
ensure
  Process.kill(:KILL, pid)
  Process.wait(pid)
end
Sidekiq::RetrySet.new.each(&:kill)
tell('a job given up', ask('0:rf'), 'retrying=0 failed=1')
