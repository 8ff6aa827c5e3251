# SPDX-License-Identifier: MIT
# QUEUES: how many. Each has 100 jobs.
module Bench
  scenario 'resque', 'a look at N queues of Resque' do
    redis = server('redis')
    numbers('QUEUES', [10, 100, 1000]).each do |queues|
      RedisJobs.new(redis, 'resque:').fill(queues)
      names = Array.new(queues) { |n| "queue_#{n}" }.join(',')
      found = compare({ queues: queues },
        'dynomatic, waiting and busy' => -> { look(redis, 'resque', '0:wb') },
        'dynomatic, counts' => -> { look(redis, 'resque', "0:w:#{names}") },
        'hiredis, counts' => -> { limit(redis, 'parsed', 'lengths', 'resque:queue:queue_', queues) },
        'Resque.size' => -> { peer(redis, 'resque_size') },
        'hirefire' => -> { peer(redis, 'resque_hirefire') },
        'judoscale' => -> { peer(redis, 'resque_judoscale') })
      next if queues < 100

      mine = 'dynomatic, waiting and busy'
      goal("Resque, #{queues} queues: wall of hirefire / ours", found.ratio('hirefire', mine, :wall), least: 20)
      goal("Resque, #{queues} queues: wall of judoscale / ours", found.ratio('judoscale', mine, :wall), least: 30)
      goal("Resque, #{queues} queues: counts / hiredis, the same",
           found.ratio('dynomatic, counts', 'hiredis, counts', :wall), most: 1.3)
    end
  end
end
