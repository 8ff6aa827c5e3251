# SPDX-License-Identifier: MIT
# A worker as `bin/delayed_job run` runs it, without Rails; and its jobs, for whoever enqueues.
require 'logger'
require 'active_record'
require 'delayed_job_active_record'
require_relative 'held'

Quick = Struct.new(:number) do
  def perform; end
end
Held = Struct.new(:number) do
  def perform = hold(number)
end
Failing = Struct.new(:number) do
  def perform = raise('it always fails')
end

def connect(url)
  ActiveRecord::Base.establish_connection(
    url.start_with?('sqlite3:') ? { adapter: 'sqlite3', database: url.delete_prefix('sqlite3:'), timeout: 20_000 } : url
  )
end

if $PROGRAM_NAME == __FILE__
  connect(ENV.fetch('DATABASE_URL'))
  Delayed::Worker.raise_signal_exceptions = :term if ENV['STOPS_AT_ONCE']
  worker = Delayed::Worker.new(sleep_delay: 0.1)
  worker.name = "host:#{ENV.fetch('DYNO')} pid:#{Process.pid}"
  worker.start
end
