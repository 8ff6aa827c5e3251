# SPDX-License-Identifier: MIT
# The real Delayed Job as the judge of delayedjob.so: see judge.rb.
require_relative 'judge'
require_relative 'delayedjob_worker'
require_relative '../../examples/demo/tables'
require 'rbconfig'

Delayed::Worker.logger = Logger.new(File::NULL)
LOCK = Delayed::Worker.max_run_time # a lock that is older is one of a dead worker

# What a worker that comes now would find, by the library's own scope.
def ready = Delayed::Job.ready_to_run('a worker that comes now', LOCK)

# The library tells only what is ready; the other states are conditions on its columns.
def library
  alive = Delayed::Job.where(failed_at: nil)
  later = alive.where(locked_at: nil).where('run_at > ?', Delayed::Job.db_time_now)
  { waiting: ready.count, busy: alive.where('locked_at >= ?', Delayed::Job.db_time_now - LOCK).count,
    scheduled: later.where(attempts: 0).count, retrying: later.where('attempts > 0').count,
    failed: Delayed::Job.where.not(failed_at: nil).count }
end

def worker = [RbConfig.ruby, "#{__dir__}/delayedjob_worker.rb"]
def enqueue(job = Quick.new(1), **options) = Delayed::Job.enqueue(job, **options)
def enqueue_held(number) = enqueue(Held.new(number))
def clear = Delayed::Job.delete_all
def in_this_process = Delayed::Worker.new.tap { |worker| worker.name = 'host:worker.9 pid:4' }

# A cycle asks for no more than its rules need.
def bounded(name, waiting) = tell("#{name}, within a bound of 3", measure('measure', '3:w'), "waiting=#{waiting}")

ActiveRecord::Base.connection.drop_table(:delayed_jobs, if_exists: true)
make_tables
configure('delayedjob', mail: %w[mail], both: %w[mail pdf])
both('an empty table', waiting: 0, busy: 0, scheduled: 0, retrying: 0, failed: 0)
bounded('an empty table', 0)

# ---- States ----

3.times { enqueue }
enqueue(priority: 10)
enqueue(priority: -10, queue: 'mail')
both('jobs that wait', waiting: 5, busy: 0, scheduled: 0, retrying: 0, failed: 0)
bounded('jobs that wait', '3+')
tell('jobs of a queue', count(:mail)[:waiting], ready.where(queue: 'mail').count)
tell('jobs of no queue are in no named one', count(:both)[:waiting], ready.where(queue: %w[mail pdf]).count)
same_age('the oldest', 1) { Delayed::Job.db_time_now - ready.minimum(:run_at) }
enqueue(run_at: Time.now.utc + 3600)
both('a job for later', waiting: 5, scheduled: 1)
same_next('when it is due', 1) { Delayed::Job.maximum(:run_at) - Delayed::Job.db_time_now }

clear
enqueue(Failing.new(1))
in_this_process.work_off
both('a job that failed and is tried again', waiting: 0, retrying: 1)
Delayed::Job.update_all(run_at: Time.now.utc - 5)
both('a job whose next try is due', waiting: 1, retrying: 0)
bounded('a job whose next try is due', 1)

clear
Delayed::Worker.max_attempts = 1
Delayed::Worker.destroy_failed_jobs = false
enqueue(Failing.new(2))
in_this_process.work_off
both('a job given up keeps its lock, and neither waits nor runs', waiting: 0, busy: 0, failed: 1)

clear
enqueue
Delayed::Job.reserve(in_this_process)
Delayed::Job.update_all(locked_at: Time.now.utc - LOCK + 60)
both('a worker that has long run a job', waiting: 0, busy: 1)
Delayed::Job.update_all(locked_at: Time.now.utc - LOCK - 60)
both('a job of a worker that is dead for sure', waiting: 1, busy: 0)
bounded('a job of a worker that is dead for sure', 1)

# ---- Events ----

# What a watcher says of what the block does, once it has come to rest.
def watched
  clear
  watcher = IO.popen(["#{PROGRAMS}/tests/plugin/measure", 'delayedjob', "{url: '#{URL}'}", '-t', '30000', '-s', 'watch', '3:w'],
                     err: File::NULL)
  how = watcher.each_line.find { |line| line.include?('watching: ') }
  yield if how.start_with?('watching')
  [how[/\w+( \w+)?:/], watcher.read.strip].reject(&:empty?).join(' ')
ensure
  watcher.close
end

notify = measure('notify').lines.grep_v(/^warn: /).join
ActiveRecord::Base.connection.execute(notify) if URL.start_with?('postgres')
wanted = URL.start_with?('mysql') ? 'not watching:' : 'watching: told'
tell('a job is told', watched { enqueue }, wanted)
tell('one of a transaction, once it is committed', watched { Delayed::Job.transaction { enqueue } }, wanted)

# ---- Workers ----

clear
enqueue_held('first')
pid = start_worker
settles('a job that runs', waiting: 0, busy: 1)
tell('its worker, by the dyno', measure('workers', '0:b')[/\A0 (\S+)/, 1], 'worker.1')
signal(:TERM, pid)
both('a worker that is told to stop runs its job to its end', waiting: 0, busy: 1)
let_go('first')
ended(pid)
both('a clean stop: the job is done', waiting: 0, busy: 0, retrying: 0)

enqueue_held('late')
pid = start_worker('worker.1', { 'STOPS_AT_ONCE' => 'yes' })
settles('a worker that stops at once', waiting: 0, busy: 1)
signal(:TERM, pid)
ended(pid)
both('a worker that stops at once: its job is tried again', waiting: 0, busy: 0, retrying: 1)

clear
enqueue_held('killed')
pid = start_worker
settles('a worker before it is killed', waiting: 0, busy: 1)
kill_dyno(pid)
both('a killed worker counts as long as its lock does: there is no heartbeat', waiting: 0, busy: 1)
Delayed::Job.update_all(locked_at: Time.now.utc - LOCK - 60)
both('a killed worker: then its job waits', waiting: 1, busy: 0)
pid = start_worker('worker.2')
settles('a killed worker: the next one takes its job', waiting: 0, busy: 1)
let_go('killed')
settles('a killed worker: the next one ends its job', waiting: 0, busy: 0)

enqueue_held('frozen')
settles('a worker before it freezes', waiting: 0, busy: 1)
signal(:STOP, pid)
both('a frozen worker counts as long as its lock does', waiting: 0, busy: 1)
signal(:CONT, pid)
let_go('frozen')
settles('a frozen worker that thaws ends its job', waiting: 0, busy: 0)
kill_dyno(pid)

deploy(requeues: false)
