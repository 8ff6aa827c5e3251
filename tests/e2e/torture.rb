# SPDX-License-Identifier: MIT
# The jobs and the workers of the torture, for the library that TORTURE names.
#
#   torture.rb make             makes its table, if it has one
#   torture.rb enqueue N FROM TO SEED   N jobs of FROM to TO seconds
#   torture.rb work             is a worker: what a dyno runs
#
#   torture.rb killed LOG       prints how many runs began, how many of them were killed although they had
#                               been at work for a second when their dyno was told to stop, and how many
#                               began in the last second before; LOG is that of the dynos
#
# Each run of a job leaves a line in the file RUNS when it starts, and one when it comes to its end.
require 'time'

module Torture
  def self.note(what, run)
    File.write(ENV.fetch('RUNS'), "#{what} #{run} #{ENV.fetch('DYNO')} #{Time.now.to_f}\n", mode: 'a')
  end

  def self.run(seconds)
    run = Random.new_seed
    note('start', run)
    sleep(seconds)
    note('end', run)
  end

  # A job that begins while its dyno is told to stop is nobody's fault: the platform gives no way to ask first.
  def self.killed(log)
    lines = File.readlines(ENV.fetch('RUNS')).map(&:split)
    ended = lines.select { |line| line[0] == 'end' }.to_h { |line| [line[1], true] }
    started = lines.select { |line| line[0] == 'start' }
    stops = File.readlines(log).grep(/Stopping all processes/).map { |l| [l[/\[(.*?)\]/, 1], Time.parse(l[/^\S+/]).to_f] }
    ages = started.reject { |line| ended[line[1]] }.map do |_, _, dyno, at|
      stops.filter_map { |name, stop| stop - at.to_f if name == dyno && stop + 1 > at.to_f }.min || 0
    end
    [started.size, ages.count { |age| age >= 1 }, ages.count { |age| age < 1 }]
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
    worker.name = "host:#{ENV.fetch('HEROKU_DYNO_ID')} pid:#{Process.pid}" # as a dyno's host is called
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
  when 'killed' then puts Torture.killed(ARGV.fetch(1)).join(' ')
  else abort "torture: #{ARGV.first} is nothing it can do"
  end
end
