# SPDX-License-Identifier: MIT
require 'resque'
Resque.redis = URL
def Peer.look = Resque.queues.each { |queue| Resque.size(queue) }
