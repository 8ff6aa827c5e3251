# SPDX-License-Identifier: MIT
# A worker as `rake resque:work` runs it, without rake; and its jobs, for whoever enqueues.
require 'resque'
require_relative 'job'

Resque.redis = ENV.fetch('REDIS_URL')

class Quick
  @queue = :default
  def self.perform; end
end

# As Resque advises for Heroku: a job that is told to stop puts itself back.
class Held
  @queue = :default
  def self.perform(number)
    hold(number)
  rescue Resque::TermException
    Resque.enqueue(Held, number)
  end
end

class Careless
  @queue = :default
  def self.perform(number) = hold(number)
end

class Failing
  @queue = :default
  def self.perform = raise('it always fails')
end

class Report
  @queue = :default
  def self.perform(number) = report(number)
  def self.order(number) = Resque.enqueue(self, number)
end

if $PROGRAM_NAME == __FILE__
  Resque.heartbeat_interval = 1 # 60 s otherwise
  Resque::Worker.new('default', 'mail').work(0.1)
end
