# SPDX-License-Identifier: MIT
# The real Sidekiq as the judge of sidekiq.so: see judge.rb.
require 'sidekiq'
require 'sidekiq/api'
require_relative 'judge'
require_relative 'sidekiq_worker'

Sidekiq.logger.level = Logger::WARN

def redis(&block) = Sidekiq.redis(&block)
def scheduled = Sidekiq::ScheduledSet.new
def retries = Sidekiq::RetrySet.new
def processes = Sidekiq::ProcessSet.new(false)
def due(set) = set.count { |entry| entry.at <= Time.now }

# The library counts what is due in its sets apart from what is in queues: a poller moves it, in workers.
def library
  stats = Sidekiq::Stats.new
  { waiting: stats.enqueued + due(scheduled) + due(retries), busy: stats.workers_size,
    scheduled: scheduled.size - due(scheduled), retrying: retries.size - due(retries), failed: stats.dead_size }
end

def worker
  ['sidekiq', '-r', "#{__dir__}/sidekiq_worker.rb", '-q', 'default', '-q', 'mail', '-c', '1', '-t', '1']
end

def enqueue_held(number) = Held.perform_async(number)
def clear = redis { |conn| conn.call('FLUSHDB') }
# What time does to a process that tells nothing any more; it takes a minute.
def forget(identity) = redis { |conn| [identity, "#{identity}:work", "#{identity}:workers"].each { |key| conn.call('DEL', key) } }

configure('sidekiq', default: %w[default], mail: %w[mail], both: %w[default mail], single: %w[single])
both('an empty server', waiting: 0, busy: 0, scheduled: 0, retrying: 0, failed: 0)

# ---- States ----

told('the first job of a queue is told') { Quick.perform_async }
told('one of many jobs at once is told') { Quick.perform_bulk([[]] * 10) } if Sidekiq::VERSION >= '6.3'
told('a job of one queue is told', '0:w:mail') { Quick.set(queue: 'mail').perform_async }
Quick.perform_at(Time.now + 3600)
told('a job for later is told once it is moved to its queue') { scheduled.each(&:add_to_queue) }
clear
3.times { Quick.perform_async }
Quick.set(queue: 'mail').perform_async
both('jobs that wait', waiting: 4, busy: 0, scheduled: 0, retrying: 0, failed: 0)
tell('jobs of a queue', count(:mail)[:waiting], Sidekiq::Queue.new('mail').size)
tell('jobs of two', count(:both)[:waiting], 4)
same_age('the oldest, by this version\'s unit of time') { Sidekiq::Queue.all.map(&:latency).max }
Quick.perform_in(3600)
both('a job for later', waiting: 4, scheduled: 1)
same_next('when it is due') { scheduled.first.at - Time.now }
redis { |conn| conn.call('SADD', 'paused', 'default') }
differ('a paused queue: nobody works on it, so its jobs do not wait; the free Sidekiq does not know of pauses',
       library: { waiting: 4 }, ours: { waiting: 1 })

clear
2.times { Quick.perform_async }
redis { |conn| conn.call('RPOPLPUSH', 'queue:default', 'queue:sq|worker.1:4:ab|default') }
both('a job in the private list of a process, as Pro has them, does not wait', waiting: 1)

clear
Quick.perform_at(Time.now + 3600)
scheduled.each { |entry| entry.reschedule(Time.now - 5) }
differ('a due job that nobody moves to its queue, since no worker runs',
       library: { waiting: 1, scheduled: 0 }, ours: { waiting: 1, scheduled: 0 })
tell('the library itself leaves it out of its queues', Sidekiq::Stats.new.enqueued, 0)
same_age('the oldest of those that are due') { Time.now - scheduled.first.at }
tell('it is of its queue', [count(:default)[:waiting], count(:mail)[:waiting]], [1, 0])

# ---- Workers ----

clear
Failing.set(retry_queue: 'mail').perform_async
Failing.set(retry: false).perform_async
enqueue_held('first')
pid = start_worker
settles('a job that runs, one that failed, and one that failed and is forgotten', waiting: 0, busy: 1, retrying: 1, failed: 0)
tell('its worker, by the dyno', measure('workers', '0:b')[/\A0 (\S+) jobs=(\d)/], '0 worker.1 jobs=1')
tell('busy by queue', [count(:default)[:busy], count(:mail)[:busy]], [1, 0])
if Sidekiq::VERSION >= '7'
  Held.set(queue: 'single').perform_async('first')
  settles('a job in a capsule of the same process', waiting: 0, busy: 2)
  tell('busy by queue', [count(:default)[:busy], count(:single)[:busy]], [1, 1])
end
tell('it detects itself', measure('detect')[/found \d+/], 'found 95')

signal(:TERM, pid)
let_go('first')
ended(pid)
settles('a clean stop: the job is done', waiting: 0, busy: 0, retrying: 1)
retries.each { |entry| entry.reschedule(Time.now - 5) }
both('a due retry that nobody moves to its queue', waiting: 1, retrying: 0)
tell('it is of the queue that retries it', [count(:default)[:waiting], count(:mail)[:waiting]], [0, 1])
tell('the library itself leaves it out of its queues', Sidekiq::Stats.new.enqueued, 0)
retries.each(&:kill)
both('a job given up', waiting: 0, retrying: 0, failed: 1)

clear
enqueue_held('late')
since = Sidekiq::Queue.new.first['enqueued_at']
pid = start_worker
settles('a stop with too little time', waiting: 0, busy: 1)
signal(:TERM, pid)
ended(pid)
settles('a stop with too little time: the job waits again', waiting: 1, busy: 0)
tell('as old as it is', Sidekiq::Queue.new.first['enqueued_at'], since)
same_age('it is as old as it was, and so is the latency') { Sidekiq::Queue.new.latency }

clear
enqueue_held('killed')
pid = start_worker
settles('a worker before it is killed', waiting: 0, busy: 1)
kill_dyno(pid)
both('a killed worker counts for a minute, as it has told', waiting: 0, busy: 1)
forget(processes.first['identity'])
both('a killed worker: then it does not, and its job is lost; Pro would keep it', waiting: 0, busy: 0)

clear
enqueue_held('frozen')
pid = start_worker
settles('a worker before it freezes', waiting: 0, busy: 1)
signal(:STOP, pid)
both('a frozen worker counts for a minute, as it has told', waiting: 0, busy: 1)
forget(processes.first['identity'])
both('a frozen worker: then it does not', waiting: 0, busy: 0)
signal(:CONT, pid)
settles('a frozen worker that thaws counts again', waiting: 0, busy: 1)
let_go('frozen')
settles('a frozen worker that thaws ends its job', waiting: 0, busy: 0)
kill_dyno(pid)

clear
deploy(requeues: true)

if Sidekiq::VERSION.start_with?('6.5')
  require 'redis-namespace'
  Sidekiq.logger.level = Logger::FATAL # it advises against
  Sidekiq.redis = { url: URL, namespace: 'myapp' }
  2.times { Quick.perform_async }
  tell('namespace: not seen from outside', count[:waiting], 0)
  configure('sidekiq', { namespace: 'myapp' })
  both('namespace: what is in it', waiting: 2)
end
