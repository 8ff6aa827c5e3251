# SPDX-License-Identifier: MIT
# A process that has loaded a peer, looked once, and asked the platform:  ruby idle.rb PEER URL PLATFORM
require 'net/http'
Peer = Module.new
URL = ARGV[1]
WORDS = [].freeze
require_relative ARGV[0]
Peer.look
Net::HTTP.get(URI("#{ARGV[2]}/apps/myapp/formation"))
sleep
