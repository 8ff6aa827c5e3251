# SPDX-License-Identifier: MIT
require 'sidekiq'

class Quick
  include Sidekiq::Worker
  def perform; end
end

class Slow
  include Sidekiq::Worker
  def perform = sleep(1000)
end

class Failing
  include Sidekiq::Worker
  def perform = raise('it always fails')
end
