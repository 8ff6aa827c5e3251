# SPDX-License-Identifier: MIT
# A server that speaks Redis' protocol from a script, for what no real one says on purpose:
#
#   ruby redis_script.rb COMMAND REPLY [COMMAND REPLY]...
#
# A command is a prefix of what was sent, its words joined by blanks; the first that fits is answered with
# its reply ("-LOADING ..." or ":3"; lines by \r\n), all others as an empty server would. A reply "hang" is
# none, "close" ends the connection, after "stop" nothing more is read, "clock" is a time that moves on by 30
# seconds whenever it is asked for. Prints its port.
require 'socket'

rules = ARGV.each_slice(2).to_a
empty = { 'TIME' => "*2\r\n$10\r\n1795489343\r\n$1\r\n0", 'SMEMBERS' => '*0', 'ZRANGE' => '*0',
          'HGETALL' => '*0', 'ZRANGEBYSCORE' => '*0', 'LLEN' => ':0', 'ZCOUNT' => ':0', 'ZCARD' => ':0',
          'EXISTS' => ':0', 'LINDEX' => '$-1', 'GET' => '$-1', 'ROLE' => "*1\r\n$6\r\nmaster" }

def command(client)
  line = client.gets("\r\n") or return
  Array.new(line[1..].to_i) { client.read(client.gets("\r\n")[1..].to_i + 2).chomp("\r\n") }
end

$clock = 1_795_489_343
def clock = "*2\r\n$10\r\n#{$clock += 30}\r\n$1\r\n0"

def serve(client, rules, empty)
  while (words = command(client))
    said = words.join(' ')
    reply = rules.find { |prefix, _| said.start_with?(prefix) }&.last || empty[words[0]] || '+OK'
    return client.close if reply == 'close'
    sleep if reply == 'stop'
    reply = clock if reply == 'clock'
    client.write("#{reply}\r\n") unless reply == 'hang'
  end
rescue SystemCallError, IOError
  client.close
end

server = TCPServer.new('127.0.0.1', 0)
server.setsockopt(:SOCKET, :RCVBUF, 4096) # so that "stop" is felt
$stdout.puts server.addr[1]
$stdout.flush
loop { Thread.new(server.accept) { |client| serve(client, rules, empty) } }
