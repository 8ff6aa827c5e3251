# SPDX-License-Identifier: MIT
# The parts of the harness; run by ../run, and by its test.
require 'English'
require 'fileutils'
require 'tempfile'
require 'timeout'
require 'tmpdir'
PARTS = %w[figure usage record gems options server asker scenario daemon events redis_jobs delayed_jobs].freeze
PARTS.each { |part| require_relative part }

module Bench
  @scenarios = {}

  class << self
    attr_reader :scenarios

    # What a file of scenarios/ says: a name for BENCHES, what it shows, and what to do.
    def scenario(name, title, &block) = @scenarios[name] = [title, block]
  end
end
