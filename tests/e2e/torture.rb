# SPDX-License-Identifier: MIT
# The jobs and the workers of the torture, for the library that TORTURE names.
#
#   torture.rb make             makes its table, if it has one
#   torture.rb enqueue N FROM TO SEED   N jobs of FROM to TO seconds
#   torture.rb work             is a worker: what a dyno runs
#
# Each run of a job leaves "start" and, if it comes to its end, "end" in the file RUNS.
module Torture
  def self.note(line) = File.write(ENV.fetch('RUNS'), "#{line}\n", mode: 'a')

  def self.run(seconds)
    note('start')
    sleep(seconds)
    note('end')
  end

  def self.durations(count, from, to, seed)
    dice = Random.new(Integer(seed))
    Array.new(Integer(count)) { dice.rand(Float(from)..Float(to)) }
  end
end

# On SQLite.
module WithDelayedJob
  def self.load
    require_relative '../../examples/demo/app'
    Object.const_set(:TortureJob, Struct.new(:seconds) { def perform = Torture.run(seconds) })
  end

  def self.make
    require_relative '../../examples/demo/tables'
    make_tables
  end

  def self.enqueue(durations) = durations.each { |seconds| Delayed::Job.enqueue(TortureJob.new(seconds)) }

  def self.work
    worker = Delayed::Worker.new(sleep_delay: 0.2)
    worker.name = "host:#{ENV.fetch('DYNO')} pid:#{Process.pid}" # a dyno's host name is not its name here
    worker.start
  end
end

# Sidekiq tells its host by DYNO itself, where that is set.
module WithSidekiq
  def self.load
    require 'sidekiq'
    Object.const_set(:TortureJob, Class.new { include Sidekiq::Worker; def perform(seconds) = Torture.run(seconds) })
  end

  def self.make; end
  def self.enqueue(durations) = durations.each { |seconds| TortureJob.perform_async(seconds) }
  def self.work = exec('sidekiq', '-q', 'default', '-r', File.expand_path(__FILE__), '-c', '1', '-t', '600')
end

library = { 'delayedjob' => WithDelayedJob, 'sidekiq' => WithSidekiq }.fetch(ENV.fetch('TORTURE'))
library.load
if $PROGRAM_NAME == __FILE__
  case ARGV.first
  when 'make' then library.make
  when 'enqueue' then library.enqueue(Torture.durations(*ARGV.drop(1)))
  when 'work' then library.work
  else abort "torture: #{ARGV.first} is nothing it can do"
  end
end
