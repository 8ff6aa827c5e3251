# SPDX-License-Identifier: MIT
# See sidekiq_bench.sh. Arguments: the server's URL, rounds, numbers of queues. Every way to ask is run in turns,
# so that a busy moment strikes all of them; what counts is the ratio between two of one run.
require 'sidekiq'
require 'sidekiq/api'
require 'socket'
require 'uri'

URL = ARGV.shift
ROUNDS = ARGV.shift.to_i
SIZES = ARGV.map(&:to_i)
MEASURE = ENV.fetch('DYNOMATIC_MEASURE')
PORT = URI(URL).port
Sidekiq.configure_client { |config| config.redis = { url: URL } }

# ---- The server ----

def redis(&block) = Sidekiq.redis(&block)

def fill(queues, jobs: 100, bytes: 200)
  job = { 'class' => 'Job', 'args' => ['x' * bytes], 'jid' => '0123456789abcdef01234567',
          'retry' => true, 'created_at' => Time.now.to_f, 'enqueued_at' => Time.now.to_f }
  redis do |r|
    r.flushdb
    queues.times do |n|
      r.sadd('queues', ["queue_#{n}"])
      r.lpush("queue:queue_#{n}", [Sidekiq.dump_json(job.merge('queue' => "queue_#{n}"))] * jobs)
    end
  end
end

def later(entries)
  redis do |r|
    entries.times.each_slice(1000) do |slice|
      r.zadd('schedule', slice.map { |n| [Time.now.to_f + 3600 + n, "{\"queue\":\"queue_0\",\"n\":#{n}}"] })
      r.zadd('retry', slice.map { |n| [Time.now.to_f + 3600 + n, "{\"queue\":\"queue_0\",\"n\":#{n}}"] })
    end
  end
end

# What the server did until now; its own asking for this is one command.
def server
  info = redis(&:info)
  { server: (info['used_cpu_user'].to_f + info['used_cpu_sys'].to_f) * 1e6,
    commands: info['total_commands_processed'].to_f,
    in: info['total_net_input_bytes'].to_f, out: info['total_net_output_bytes'].to_f }
end

# ---- Ways to ask: each is called with a number of times and returns the wall times in us ----

def timed(times)
  Array.new(times) do
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    yield
    (Process.clock_gettime(Process::CLOCK_MONOTONIC) - began) * 1e6
  end
end

def ours(group, url = URL)
  lambda do |times|
    IO.popen([MEASURE, 'sidekiq', "{url: '#{url}'}", '-n', times.to_s, 'measure', group, err: %i[child out]]) do |io|
      [io.read[/^\d+$/].to_f]
    end
  end
end

# The least: these commands, formed once, and their answers received and thrown away.
def limit(commands)
  bytes = commands.map { |words| "*#{words.size}\r\n" + words.map { |w| "$#{w.bytesize}\r\n#{w}\r\n" }.join }.join
  lambda do |times|
    socket = TCPSocket.new('127.0.0.1', PORT)
    socket.setsockopt(:TCP, :NODELAY, true)
    socket.write(bytes + "*2\r\n$4\r\nECHO\r\n$3\r\nEND\r\n")
    length = socket.gets("END\r\n").bytesize - "$3\r\nEND\r\n".bytesize
    timed(times) { socket.write(bytes); socket.read(length) }
  ensure
    socket.close
  end
end

def library(&block) = ->(times) { timed(times, &block) }

def ways(queues)
  names = Array.new(queues) { |n| "queue_#{n}" }
  lengths = names.map { |name| ['LLEN', "queue:#{name}"] }
  heads = names.map { |name| ['LINDEX', "queue:#{name}", '-1'] }
  { 'limit, counts' => limit(lengths),
    'dynomatic, counts' => ours("0:w:#{names.join(',')}"),
    'limit, counts and ages' => limit(lengths + heads),
    'dynomatic, counts and ages' => ours("0:wl:#{names.join(',')}"),
    'dynomatic, of all queues' => ours('0:wl'),
    'Sidekiq::Stats#enqueued' => library { Sidekiq::Stats.new.enqueued },
    'Sidekiq::Queue size, latency' => library { Sidekiq::Queue.all.each { |q| q.size; q.latency } } }
end

# ---- Measuring ----

def client_cpu
  times = Process.times
  (times.utime + times.stime + times.cutime + times.cstime) * 1e6
end

# What a look costs by the difference between many and one, so that starting and connecting cost nothing.
def cost(way, times)
  readings = [1, 1 + times].map do |n|
    before = server.merge(client: client_cpu)
    walls = way.call(n)
    after = server.merge(client: client_cpu)
    [median(walls), after.to_h { |key, value| [key, value - before[key]] }]
  end
  (_, one), (wall, many) = readings
  many.to_h { |key, value| [key, (value - one[key]) / times] }.merge(wall: wall)
end

def median(values) = values.sort[values.size / 2]

def compare(queues)
  costs = Hash.new { |hash, key| hash[key] = [] }
  ROUNDS.times do
    ways(queues).each do |name, way|
      times = (name.start_with?('Sidekiq') ? 300 : 20_000) / queues
      costs[name] << cost(way, times.clamp(3, 1000))
    end
  end
  costs.transform_values { |list| list[0].to_h { |key, _| [key, median(list.map { |c| c[key] })] } }
end

KEYS = %i[wall client server commands in out].freeze

def per(a, b) = format(a / b < 10 ? '%.1fx' : '%.0fx', a / b)

def print_table(title, costs)
  puts format("\n%-30s %9s %9s %9s %9s %9s %9s", title, *KEYS)
  costs.each { |name, cost| puts format('%-30s %9.0f %9.0f %9.0f %9.0f %9.0f %9.0f', name, *cost.values_at(*KEYS)) }
end

def print_costs(queues, costs)
  print_table("#{queues} queues", costs)
  mine = costs['dynomatic, of all queues']
  costs.each do |name, cost|
    next unless name.start_with?('Sidekiq')

    puts "  #{name} / dynomatic, of all queues: wall #{per(cost[:wall], mine[:wall])}, client CPU " \
         "#{per(cost[:client], mine[:client])}, server CPU #{per(cost[:server], mine[:server])}"
  end
  ['counts', 'counts and ages'].each do |what|
    puts "  dynomatic, #{what} / limit: wall #{per(costs["dynomatic, #{what}"][:wall], costs["limit, #{what}"][:wall])}"
  end
end

# ---- Payloads of 100 KB at the head of 100 queues ----

def compare_large
  { 'dynomatic, of all queues' => ours('0:wl'),
    'Sidekiq::Queue size, latency' => library { Sidekiq::Queue.all.each { |q| q.size; q.latency } } }
    .transform_values { |way| cost(way, 30) }
end

# ---- Goals: a ratio, and what it must be ----

@missed = 0

def goal(what, ratio, least: nil, most: nil)
  is_met = least ? ratio >= least : ratio <= most
  @missed += 1 unless is_met
  puts format('%-8s %-70s %.1fx (%s %gx)', is_met ? 'met' : 'not met', what, ratio, least ? 'at least' : 'at most',
              least || most)
end

def goals(queues, costs)
  api = costs['Sidekiq::Queue size, latency']
  all = costs['dynomatic, of all queues']
  goal("#{queues} queues: wall of Sidekiq::Queue / dynomatic", api[:wall] / all[:wall], least: 40)
  goal("#{queues} queues: server CPU of Sidekiq::Queue / dynomatic", api[:server] / all[:server], least: 10)
  goal("#{queues} queues: counts alone / limit", costs['dynomatic, counts'][:wall] / costs['limit, counts'][:wall],
       most: 2)
end

puts "Sidekiq #{Sidekiq::VERSION}, Ruby #{RUBY_VERSION}, Redis #{redis(&:info)['redis_version']}, #{ROUNDS} rounds, medians"
puts 'for one look: us (wall, client CPU, server CPU), commands, bytes in and out of the server'
all_costs = SIZES.to_h do |queues|
  fill(queues)
  costs = compare(queues)
  print_costs(queues, costs)
  [queues, costs]
end

# The same queues in another database, without what is for later.
fill(10)
redis { |r| 10.times { |n| r.copy("queue:queue_#{n}", "queue:queue_#{n}", db: 1) } && r.copy('queues', 'queues', db: 1) }
later(100_000)
sets = Array.new(ROUNDS) { [URL.sub(/0$/, '1'), URL].map { |url| ours('0:*', url).call(2000)[0] } }
sets = sets.transpose.map { |walls| median(walls) }

fill(100, jobs: 1, bytes: 100_000)
print_table('100 queues, 100 KB each', compare_large)

puts
all_costs.each { |queues, costs| goals(queues, costs) if queues >= 100 }
goal('10 queues: with 100000 jobs in each of the two sets / without', sets[1] / sets[0], most: 1.2)
puts @missed.zero? ? 'all goals are met' : "#{@missed} goals are not met"
