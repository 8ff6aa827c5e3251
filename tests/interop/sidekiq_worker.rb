# SPDX-License-Identifier: MIT
# The app that Sidekiq's workers load: `sidekiq -r ./sidekiq_worker.rb`; and its jobs, for whoever enqueues. The
# server is that of REDIS_URL, as Sidekiq itself has it.
require 'sidekiq'
require_relative 'job'

class Quick
  include Sidekiq::Worker
  def perform; end
end

class Held
  include Sidekiq::Worker
  def perform(number) = hold(number)
end

class Failing
  include Sidekiq::Worker
  def perform = raise('it always fails')
end

class Report
  include Sidekiq::Worker
  def perform(number) = report(number)
  def self.order(number) = perform_async(number)
  def self.order_later(number) = perform_in(1, number)
end

if Sidekiq.server?
  # Every 5 or 10 s otherwise: what a worker tells of itself, and its look for what is due.
  require 'sidekiq/launcher'
  Sidekiq::Launcher.send(:remove_const, :BEAT_PAUSE)
  Sidekiq::Launcher::BEAT_PAUSE = 0.1
  Sidekiq.configure_server do |config|
    config.average_scheduled_poll_interval = 0.5
    next if Sidekiq::VERSION < '7'

    config.capsule('single') do |capsule|
      capsule.concurrency = 1
      capsule.queues = %w[single]
    end
  end
end
