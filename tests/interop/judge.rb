# SPDX-License-Identifier: MIT
# What the three judges share. Each brings jobs into states by a real library and its real workers, and asks
# both the library and `dynomatic count` what they see. Prints a line for each test: name|got|wanted.
#
#   ruby LIBRARY.rb URL PROGRAMS      PROGRAMS is the folder with dynomatic and tests/plugin/measure
#
# A judge gives it three methods: `library` returns the numbers by the library's own API, with the keys of
# `dynomatic count --json`; `worker` is the command of a worker process, and `enqueue_held` makes a job that
# runs until it is let go.
require 'json'
require 'tmpdir'

URL, PROGRAMS = ARGV
ENV['DATABASE_URL'] = ENV['REDIS_URL'] = URL # for LIBRARY_worker.rb, here and in workers
ENV['JOB_FOLDER'] = Dir.mktmpdir
require_relative 'job'
# How to run the version before this one, as env takes it: for the deploy.
BEFORE = ENV.fetch('BEFORE', '').lines(chomp: true).to_h { |word| word.split('=', 2) }
PATIENCE = 30 # seconds

# The configuration: a pool of all queues, and one of each list named.
def configure(adapter, queue = {}, **lists)
  @adapter = adapter
  pools = { all: {} }.merge(lists.transform_values { |queues| { queues: queues } })
  scaler = { backend: 'heroku-formation', app: 'myapp', token: 'never-used' }
  File.write("#{FOLDER}/dynomatic.yml",
             JSON.generate(queue: { adapter: adapter, url: URL, **queue }, scaler: scaler, pools: pools,
                           rules: [{ at_least: 1, dynos: 1 }]))
end

def count(pool = :all)
  out = IO.popen(["#{PROGRAMS}/dynomatic", '-c', "#{FOLDER}/dynomatic.yml", 'count', '--all', '--json'], &:read)
  JSON.parse(out, symbolize_names: true).find { |row| row[:pool] == pool.to_s }
end

# What `dynomatic count` does not show: who works, and whether the store is the library's.
def measure(function, group = '')
  IO.popen(["#{PROGRAMS}/tests/plugin/measure", @adapter, "{url: '#{URL}'}", function, group],
           err: File::NULL, &:read).strip
end

# What is done in the block is told to whoever watches: its second look, since the first only begins.
def told(name, group = '0:w')
  command = ["#{PROGRAMS}/tests/plugin/measure", @adapter, "{url: '#{URL}'}", '-i', 'watch', group]
  IO.popen(command, 'r+', err: File::NULL) do |watcher|
    watcher.each_line.find { |line| line == "told\n" }
    watcher.puts(PATIENCE * 1000)
    watcher.each_line.find { |line| line.start_with?('watching:') }
    yield
    tell(name, watcher.gets.to_s.chomp, 'told')
    watcher.close_write
  end
end

def tell(name, got, wanted) = puts("#{name}|#{words(got)}|#{words(wanted)}")
def words(value) = value.is_a?(Hash) ? value.map { |key, one| "#{key}=#{one.inspect}" }.join(' ') : value.to_s

# Both must say what was done: the library, and we.
def both(name, **wanted)
  tell("#{name}: the library", library.slice(*wanted.keys), wanted)
  tell(name, count.slice(*wanted.keys), wanted)
end

# Where the two differ on purpose; the name says why.
def differ(name, library:, ours:)
  tell("#{name}: the library", self.library.slice(*library.keys), library)
  tell(name, count.slice(*ours.keys), ours)
end

# A time passes while it is asked for: ours is between two of the library's, in seconds, give or take how
# precise these are.
def same_time(name, key, precision)
  library = [yield]
  ours = count[key]
  library << yield
  is_same = ours && (library.min - precision..library.max + precision).cover?(ours / 1000.0)
  tell(name, is_same ? 'the same' : "#{ours.inspect} ms; the library: #{library.join(' to ')} s", 'the same')
end

def same_age(name, precision = 0.001, &library) = same_time(name, :latency_ms, precision, &library)
def same_next(name, precision = 0.001, &library) = same_time(name, :next_due_ms, precision, &library)

def wait_for(what)
  deadline = now + PATIENCE
  until (done = yield)
    abort "judge: #{what} did not come in #{PATIENCE} s; the library says: #{library}" if now > deadline
    sleep 0.02
  end
  done
end

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

# Waits until the library says so; then both must.
def settles(name, **wanted)
  wait_for(name) { library.slice(*wanted.keys) == wanted }
  both(name, **wanted)
end

# ---- Workers ----

@workers = []

# A worker process in a group of its own, with its children.
def start_worker(dyno = 'worker.1', environment = {})
  pid = spawn({ 'DYNO' => dyno, **environment }, *worker, pgroup: true, %i[out err] => ["#{FOLDER}/#{dyno}.log", 'a'])
  @workers << pid
  pid
end

# To the process alone; a platform's SIGKILL goes to all of the dyno.
def signal(name, pid) = Process.kill(name, pid)

def kill_dyno(pid)
  Process.kill(:KILL, -pid)
  ended(pid)
end

def ended(pid)
  wait_for("the end of worker #{pid}") { Process.wait(pid, Process::WNOHANG) }
  @workers.delete(pid)
end

at_exit do
  @workers.each { |pid| Process.kill(:KILL, -pid) && Process.wait(pid) }
  FileUtils.rm_rf(FOLDER)
end

# ---- Cases that are the same for all ----

# A deploy: the workers of the version before leave at SIGTERM while those of this one come. Jobs are held,
# so every number is known; and in between, whenever it is asked, no count may be one that never was.
def deploy(requeues:)
  4.times { |n| enqueue_held("deploy#{n}") }
  old = start_worker('worker.1', BEFORE)
  settles('deploy: an old worker', waiting: 3, busy: 1)
  seen = []
  watch = Thread.new { loop { sleep(0.02) && seen << count.slice(:waiting, :busy, :unknown) } }
  fresh = start_worker('worker.2')
  settles('deploy: a new one comes', waiting: 2, busy: 2)
  signal(:TERM, old)
  let_go('deploy0') unless requeues
  ended(old)
  settles('deploy: the old one has left', waiting: requeues ? 3 : 2, busy: 1)
  looks = seen.size
  wait_for('a look after it') { seen.size > looks + 1 }
  watch.kill.join
  wrong = seen.reject { |row| (2..3).cover?(row[:waiting]) && (1..2).cover?(row[:busy]) && !row.key?(:unknown) }
  tell('deploy: at no time another count', wrong.uniq.first || 'none', 'none')
  4.times { |n| let_go("deploy#{n}") }
  settles('deploy: the new one does all', waiting: 0, busy: 0)
  signal(:TERM, fresh)
  ended(fresh)
end
