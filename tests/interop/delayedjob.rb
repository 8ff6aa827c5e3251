# SPDX-License-Identifier: MIT
# Brings jobs into each state by the real Delayed Job, as its workers do, and asks both the library and the
# adapter what they see. Prints a line for each test: name|what the adapter says|what it should say.
#
#   ruby delayedjob.rb URL MEASURE...      MEASURE... is the command that asks the adapter
require 'logger'
require 'active_record'
require 'delayed_job_active_record'
require_relative '../../examples/demo/tables'

URL, *MEASURE = ARGV
ActiveRecord::Base.establish_connection(
  URL.start_with?('sqlite3:') ? { adapter: 'sqlite3', database: URL.delete_prefix('sqlite3:'), timeout: 5000 } : URL
)
Delayed::Worker.logger = Logger.new(File::NULL)

Good = Struct.new(:number) do
  def perform; end
end
Bad = Struct.new(:number) do
  def perform = raise('it always fails')
end

def ask(group, function = 'measure')
  IO.popen([*MEASURE, "{url: '#{URL}'}", function, group], err: File::NULL, &:read).strip
end

# What a worker that comes now would find, by the library's own scope.
def ready(queues = [])
  jobs = Delayed::Job.ready_to_run('a worker that comes now', Delayed::Worker.max_run_time)
  queues.empty? ? jobs.count : jobs.where(queue: queues).count
end

def tell(name, got, wanted) = puts("#{name}|#{got}|#{wanted}")

# The number waiting is always the library's; the rest is what was done.
def compare(name, busy: 0, scheduled: 0, retrying: 0, failed: 0)
  tell(name, ask('0:wbsrf'), "waiting=#{ready} busy=#{busy} scheduled=#{scheduled} retrying=#{retrying} failed=#{failed}")
  tell("#{name}, within bounds", ask('100:w'), "waiting=#{ready}")
end

def clear = Delayed::Job.delete_all
def enqueue(job = Good.new(1), **options) = Delayed::Job.enqueue(job, **options)
def worker(name = 'host:worker.1 pid:4') = Delayed::Worker.new.tap { |worker| worker.name = name }

make_tables
compare('an empty table')

3.times { enqueue }
enqueue(Good.new(2), priority: 10)
enqueue(Good.new(3), priority: -10, queue: 'mail')
tell('the library has them', ready, 5)
compare('jobs that wait')
tell('jobs of a queue', ask('0:w:mail'), "waiting=#{ready(%w[mail])}")
tell('jobs of no queue are in no named one', ask('0:w:mail,pdf'), "waiting=#{ready(%w[mail pdf])}")

enqueue(Good.new(4), run_at: Time.now.utc + 3600)
compare('a job for later', scheduled: 1)

Delayed::Job.reserve(worker)
compare('a job that runs', scheduled: 1, busy: 1)
tell('its worker', ask('0:b', 'workers')[/\A0 (\S+)/, 1], 'worker.1')
Delayed::Job.clear_locks!('host:worker.1 pid:4')
compare('a worker that gives its job back', scheduled: 1)

clear
enqueue
Delayed::Job.reserve(worker)
Delayed::Job.update_all(locked_at: Time.now.utc - Delayed::Worker.max_run_time + 60)
compare('a worker that has long run a job', busy: 1)
Delayed::Job.update_all(locked_at: Time.now.utc - Delayed::Worker.max_run_time - 60)
tell('the library takes the job of a dead worker', ready, 1)
compare('a job of a dead worker')

clear
enqueue(Bad.new(1))
worker.work_off
compare('a job that failed and is tried again', retrying: 1)
Delayed::Job.update_all(run_at: Time.now.utc - 1)
tell('the library tries it again', ready, 1)
compare('a job whose next try is due')

clear
Delayed::Worker.max_attempts = 1
Delayed::Worker.destroy_failed_jobs = false
enqueue(Bad.new(2))
worker.work_off
compare('a job given up', failed: 1)

clear
7.times { enqueue }
worker.work_off
compare('all done')
