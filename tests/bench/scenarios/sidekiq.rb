# SPDX-License-Identifier: MIT
# QUEUES: how many. Each has 100 jobs with 200 bytes of arguments.
module Bench
  scenario 'sidekiq', 'a look at N queues of Sidekiq' do
    redis = server('redis')
    jobs = RedisJobs.new(redis)

    numbers('QUEUES', [1, 10, 100, 1000]).each do |queues|
      jobs.fill(queues)
      names = Array.new(queues) { |n| "queue_#{n}" }.join(',')
      found = compare({ queues: queues },
        'dynomatic, counts and ages' => -> { look(redis, 'sidekiq', '0:wl') },
        'dynomatic, waiting and busy' => -> { look(redis, 'sidekiq', '0:wb') },
        'dynomatic, counts' => -> { look(redis, 'sidekiq', "0:w:#{names}") },
        'dynomatic, counts and ages of names' => -> { look(redis, 'sidekiq', "0:wl:#{names}") },
        'least, counts' => -> { limit(redis, 'raw', 'lengths', 'queue:queue_', queues) },
        'hiredis, counts and ages' => -> { limit(redis, 'parsed', 'ages', 'queue:queue_', queues) },
        'Sidekiq::Stats' => -> { peer(redis, 'sidekiq_stats') },
        'Sidekiq::Queue' => -> { peer(redis, 'sidekiq_queue') },
        'hirefire' => -> { peer(redis, 'sidekiq_hirefire') },
        'judoscale' => -> { peer(redis, 'sidekiq_judoscale') })
      next if queues < 100

      { wall: ['wall', 40, 20], server: ['server CPU', 10, 10] }.each do |what, (words, ages, counts)|
        goal("Sidekiq, #{queues} queues: #{words} of judoscale and Sidekiq::Queue / ours",
             found.least_ratio(%w[judoscale Sidekiq::Queue], 'dynomatic, counts and ages', what), least: ages)
        goal("Sidekiq, #{queues} queues: #{words} of hirefire / ours, the same counts",
             found.ratio('hirefire', 'dynomatic, waiting and busy', what), least: counts)
      end
      goal("Sidekiq, #{queues} queues: counts and ages / hiredis, the same",
           found.ratio('dynomatic, counts and ages of names', 'hiredis, counts and ages', :wall), most: 1.3)
      goal("Sidekiq, #{queues} queues: counts / the least",
           found.ratio('dynomatic, counts', 'least, counts', :wall), most: 2)
    end
  end

  # PAYLOADS: bytes of the oldest job of each of 100 queues.
  scenario 'payload', 'a look at 100 queues of Sidekiq whose jobs are large' do
    redis = server('redis')
    numbers('PAYLOADS', [200, 10_000, 100_000]).each do |bytes|
      RedisJobs.new(redis).fill(100, jobs: 1, bytes: bytes)
      compare({ bytes: bytes },
        'dynomatic' => -> { look(redis, 'sidekiq', '0:wl') },
        'Sidekiq::Queue' => -> { peer(redis, 'sidekiq_queue') },
        'hirefire' => -> { peer(redis, 'sidekiq_hirefire') },
        'judoscale' => -> { peer(redis, 'sidekiq_judoscale') })
    end
  end

  # LATER: how many jobs are in each of the sets "schedule" and "retry". None of them is due.
  scenario 'later', 'a look at one queue of Sidekiq beside large sets of what is for later' do
    with = server('redis')
    without = server('redis')
    later = number('LATER', 100_000, 100_000)
    [with, without].each { |redis| RedisJobs.new(redis).fill(10) }
    RedisJobs.new(with).fill_sets(later)
    found = compare({ later: later },
      'dynomatic, empty sets' => -> { look(without, 'sidekiq', '0:*:queue_0') },
      'dynomatic' => -> { look(with, 'sidekiq', '0:*:queue_0') },
      'hirefire' => -> { peer(with, 'sidekiq_hirefire', 'queue_0') })
    goal("Sidekiq: a look with #{later} jobs in each of the two sets / with none",
         found.ratio('dynomatic', 'dynomatic, empty sets', :wall), most: 1.2)
  end
end
