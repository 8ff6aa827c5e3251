# SPDX-License-Identifier: MIT
# A worker as `bin/delayed_job run` runs it, without Rails; and its jobs, for whoever enqueues.
require 'logger'
require 'active_record'
require 'delayed_job_active_record'
require_relative 'job'

# As Rails takes it, but for SQLite, where workers wait for each other.
DATABASE = ENV.fetch('DATABASE_URL')
ActiveRecord::Base.establish_connection(
  if DATABASE.start_with?('sqlite3:')
    { adapter: 'sqlite3', database: DATABASE.delete_prefix('sqlite3:'), timeout: 20_000 }
  else
    DATABASE
  end
)

Quick = Struct.new(:number) do
  def perform; end
end
Held = Struct.new(:number) do
  def perform = hold(number)
end
Failing = Struct.new(:number) do
  def perform = raise('it always fails')
end

Report = Struct.new(:number) do
  def perform = report(number)
  def self.order(number) = Delayed::Job.enqueue(new(number))
  def self.order_later(number) = Delayed::Job.enqueue(new(number), run_at: Time.now.utc + 1)
end

if $PROGRAM_NAME == __FILE__
  Delayed::Worker.raise_signal_exceptions = :term if ENV['STOPS_AT_ONCE']
  worker = Delayed::Worker.new(sleep_delay: 0.1)
  worker.name = "host:#{ENV.fetch('DYNO')} pid:#{Process.pid}"
  worker.start
end
