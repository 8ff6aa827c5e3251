# SPDX-License-Identifier: MIT
# The real Resque and resque-scheduler as the judges of resque.so: see judge.rb.
require 'resque'
require 'resque-scheduler'
require 'rbconfig'
require 'socket'
require_relative 'judge'
require_relative 'resque_worker'

ENV['TERM_CHILD'] = '1' # for workers: SIGTERM ends the job at hand

def library
  info = Resque.info
  { waiting: info[:pending], busy: info[:working], failed: Resque::Failure.count,
    scheduled: Resque.count_all_scheduled_jobs - due }
end

def due
  times = Resque.redis.zrangebyscore(:delayed_queue_schedule, '-inf', Time.now.to_i)
  times.sum { |time| Resque.delayed_timestamp_size(time) }
end

def worker = [RbConfig.ruby, "#{__dir__}/resque_worker.rb"]

def enqueue_held(number) = Resque.enqueue(Held, number)
def clear = Resque.redis.redis.flushdb
# What time does to a worker that gives no sign: its heartbeat is old.
def silent(id) = Resque.redis.hset('workers:heartbeat', id, (Time.now - Resque.prune_interval - 60).iso8601)
def worker_id = Resque.redis.smembers(:workers).first
# Queues as a worker of that list takes them, by the library.
def waiting_of(*list) = Resque::Worker.new(*list).queues.sum { |queue| Resque.size(queue) }

LISTS = { default: %w[default], mail: %w[mail_*], most: %w[* !mail_*] }.freeze
configure('resque', **LISTS)
both('an empty server', waiting: 0, busy: 0, scheduled: 0, failed: 0)

# ---- States ----

told('the first job of a queue is told') { Resque.enqueue(Quick) }
told('a job of a queue by its pattern is told', '0:w:mail_*') { Resque.enqueue_to(:mail_out, Quick) }
told('workers that go on are told') { Resque.redis.set('pause-all-workers', 'false') }
Resque.enqueue_in(1, Quick)
wait_for('a due job') { due == 1 }
told('a delayed job is told once the scheduler moves it') { Resque::Scheduler.handle_delayed_items }
clear
3.times { Resque.enqueue(Quick) }
Resque.enqueue_to(:mail_out, Quick)
Resque.enqueue_to(:mail_in, Quick)
both('jobs that wait', waiting: 5, busy: 0, scheduled: 0, failed: 0)
tell('the library stores no time, so an age is not known, and not 0', count[:latency_ms].inspect, 'nil')
LISTS.each { |pool, list| tell("jobs of #{list.join(' ')}", count(pool)[:waiting], waiting_of(*list)) }

Resque.redis.set('pause-all-workers', 'true')
tell('paused: a worker of the library takes nothing', Resque::Worker.new('*').paused?, true)
differ('paused: nobody works, so no job waits; the library counts what lies in its queues',
       library: { waiting: 5 }, ours: { waiting: 0 })
Resque.redis.set('pause-all-workers', 'false')
both('and no longer paused', waiting: 5)

clear
Resque.enqueue_in(3600, Quick)
Resque.enqueue_in(3600, Quick)
Resque.enqueue_in(7200, Quick)
both('jobs for later', waiting: 0, scheduled: 3)
same_next('when the first is due', 1) { Resque.delayed_queue_peek(0, 1).first - Time.now.to_f }
Resque.enqueue_in(1800, Failing)
Resque.remove_delayed(Failing)
both('a job for later that was taken back', waiting: 0, scheduled: 3)
Resque.enqueue_in(1, Quick)
wait_for('a due job') { due == 1 }
both('a due job, where the scheduler runs elsewhere: it will move it', waiting: 0, scheduled: 3)
configure('resque', { count_delayed: true }, **LISTS)
differ('a due job, where the scheduler runs in the scaled dynos: nobody moves it, so it waits',
       library: { waiting: 0, scheduled: 3 }, ours: { waiting: 1, scheduled: 3 })
tell('it is of its queue', [count(:default)[:waiting], count(:mail)[:waiting]], [1, 0])
Resque::Scheduler.handle_delayed_items
both('the scheduler moves it, and it counts once', waiting: 1, scheduled: 3)
configure('resque', **LISTS)

clear
Resque.push(:default, class: 'Quick', args: [], timestamp: (since = Time.now.to_f - 100))
same_age('a job that an extension has told its time') { Time.now.to_f - since }

clear
require 'resque/failure/redis_multi_queue'
backend = Resque::Failure.backend
Resque::Failure.backend = Resque::Failure::RedisMultiQueue
%i[default mail].each do |queue|
  Resque::Failure.create(payload: {}, queue: queue, worker: 'none', exception: RuntimeError.new('it failed'))
end
both('failures, in a list of each queue', waiting: 0, failed: 2)
Resque::Failure.backend = backend

clear
Resque.redis.namespace = 'resque:app1'
Resque.enqueue(Quick)
tell('namespace: not seen from outside', count[:waiting], 0)
configure('resque', { namespace: 'resque:app1' }, **LISTS)
both('namespace: what is in it', waiting: 1)
Resque.redis.namespace = :resque
configure('resque', **LISTS)

# ---- Workers ----

clear
Resque.enqueue(Failing)
enqueue_held('first')
pid = start_worker
settles('a job that runs, and one that failed', waiting: 0, busy: 1, failed: 1)
tell('its worker, by its host', measure('workers', '0:b'), "0 #{Socket.gethostname} jobs=1 queue=default")
tell('busy by queue', [count(:default)[:busy], count(:mail)[:busy]], [1, 0])
tell('it detects itself', measure('detect')[/found \d+/], 'found 95')

signal(:QUIT, pid)
let_go('first')
ended(pid)
settles('a clean stop: the job is done', waiting: 0, busy: 0, failed: 1)

clear
enqueue_held('late')
pid = start_worker
settles('a worker before SIGTERM', waiting: 0, busy: 1)
signal(:TERM, pid)
ended(pid)
settles('SIGTERM: a job that puts itself back waits again', waiting: 1, busy: 0, failed: 0)

clear
Resque.enqueue(Careless, 'lost')
pid = start_worker
settles('a worker of a careless job', waiting: 0, busy: 1)
signal(:TERM, pid)
ended(pid)
settles('SIGTERM: a careless job failed', waiting: 0, busy: 0, failed: 1)

clear
enqueue_held('shot')
pid = start_worker
settles('a worker before its job is killed', waiting: 0, busy: 1)
signal(:KILL, File.read("/proc/#{pid}/task/#{pid}/children").to_i)
settles('a killed job failed, and its worker goes on', waiting: 0, busy: 0, failed: 1)
kill_dyno(pid)

clear
enqueue_held('killed')
pid = start_worker
settles('a worker before it is killed', waiting: 0, busy: 1)
kill_dyno(pid)
both('a killed worker counts as long as its heartbeat is fresh', waiting: 0, busy: 1)
silent(worker_id)
tell('a killed worker: the library, too, would prune it', Resque::Worker.all_workers_with_expired_heartbeats.size, 1)
differ('a killed worker: then it does not, though the library lists it till another starts',
       library: { waiting: 0, busy: 1 }, ours: { waiting: 0, busy: 0 })
wait_for('the killed one\'s lock on pruning') { Resque.redis.get('pruning_dead_workers_in_progress').nil? }
pid = start_worker
settles('a killed worker: the next one tells that its job failed', waiting: 0, busy: 0, failed: 1)
kill_dyno(pid)

clear
enqueue_held('frozen')
pid = start_worker
settles('a worker before it freezes', waiting: 0, busy: 1)
signal(:STOP, -pid)
both('a frozen worker counts as long as its heartbeat is fresh', waiting: 0, busy: 1)
silent(worker_id)
differ('a frozen worker: then it does not, though the library lists it',
       library: { waiting: 0, busy: 1 }, ours: { waiting: 0, busy: 0 })
signal(:CONT, -pid)
wait_for('a heartbeat') { Resque::Worker.all_workers_with_expired_heartbeats.empty? }
both('a frozen worker that thaws counts again', waiting: 0, busy: 1)
let_go('frozen')
settles('a frozen worker that thaws ends its job', waiting: 0, busy: 0, failed: 0)
kill_dyno(pid)

clear
deploy(requeues: true)
