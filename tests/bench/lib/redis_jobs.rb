# SPDX-License-Identifier: MIT
require 'json'

module Bench
  # Fills a Redis as Sidekiq and Resque do: a set of names, and a list for each.
  class RedisJobs
    def initialize(server, prefix = '')
      @redis = Redis.new(url: server.url)
      @prefix = prefix
    end

    def fill(queues, jobs: 100, bytes: 200)
      @redis.flushall
      queues.times do |n|
        @redis.sadd("#{@prefix}queues", ["queue_#{n}"])
        push(n, Array.new(jobs) { payload(n, bytes) })
      end
    end

    def push(number, payloads) = @redis.lpush("#{@prefix}queue:queue_#{number}", payloads)

    def payload(number, bytes)
      now = Time.now.to_f
      JSON.generate('retry' => true, 'queue' => "queue_#{number}", 'class' => 'Job', 'args' => ['x' * bytes],
                    'jid' => '0123456789abcdef01234567', 'created_at' => now, 'enqueued_at' => now)
    end

    # What is for later: two sorted sets.
    def fill_sets(entries)
      %w[schedule retry].product((0...entries).each_slice(1000).to_a).each do |set, slice|
        @redis.zadd("#{@prefix}#{set}", slice.map { |n| [Time.now.to_f + 3600 + n, payload(n, 100)] })
      end
    end
  end
end
