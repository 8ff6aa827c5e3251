# SPDX-License-Identifier: MIT
# A worker as `rake resque:work` runs it, without rake; and its jobs, for whoever enqueues.
require 'resque'
require_relative 'held'

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

if $PROGRAM_NAME == __FILE__
  Resque.redis = ENV.fetch('REDIS_URL')
  Resque.heartbeat_interval = 1 # 60 s otherwise
  Resque::Worker.new(*ENV.fetch('QUEUES').split(',')).work(0.1)
end
