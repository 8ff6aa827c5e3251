# SPDX-License-Identifier: MIT
module Bench
  # What make was told, by the environment: BENCHES=sidekiq,resque ROUNDS=3 OUT=FILE.json, FULL=1 by make bench-full.
  class Options
    def initialize(env = ENV) = @env = env

    def full? = !@env.fetch('FULL', '').empty?
    def out = @env['OUT']
    def number(name, quick, full) = numbers(name, [quick], [full]).first

    def numbers(name, quick, full)
      text = @env.fetch(name, '')
      return full? ? full : quick if text.empty?

      text.split(/[\s,]+/).map { |word| Integer(word.delete('_'), 10) }
    rescue ArgumentError
      raise Failure, "#{name}=#{text}: it takes whole numbers, as #{name}=\"1 10 100\""
    end

    # All, or those that BENCHES names.
    def pick(names)
      wanted = @env.fetch('BENCHES', '').split(/[\s,]+/)
      unknown = wanted - names
      raise Failure, "BENCHES: there is no #{unknown.join(', ')}; there are #{names.join(', ')}" unless unknown.empty?

      wanted.empty? ? names : names & wanted
    end
  end
end
