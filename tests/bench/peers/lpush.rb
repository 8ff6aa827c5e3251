# SPDX-License-Identifier: MIT
# No look but what an application does all day: a pipeline of 16 jobs, of which the queue keeps the newest hundred.
require 'socket'
require 'uri'
SOCKET = TCPSocket.new('127.0.0.1', URI(URL).port)
SOCKET.setsockopt(:TCP, :NODELAY, true)
def command(*words) = "*#{words.size}\r\n#{words.map { |word| "$#{word.bytesize}\r\n#{word}\r\n" }.join}"
COMMANDS = (command('LPUSH', 'queue:queue_0', WORDS[0]) * 16 + command('LTRIM', 'queue:queue_0', '0', '99')).freeze

def Peer.look
  SOCKET.write(COMMANDS)
  17.times { SOCKET.gets("\r\n") }
end
