# SPDX-License-Identifier: MIT
# Looks with another's eyes:  ruby ask.rb PEER URL [WORD]...
# PEER.rb beside this file gives Peer.look; each line of standard input says how often it is to look, and is answered
# on standard error with the median of the times in us.
answers = $stderr.dup
$stderr.reopen($stdout)
Peer = Module.new
URL = ARGV[1]
WORDS = ARGV[2..]
require_relative ARGV[0]

def us = Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_microsecond)

while (times = $stdin.gets&.to_i)
  walls = Array.new(times) do
    from = us
    Peer.look
    us - from
  end
  answers.puts(walls.sort[times / 2])
end
