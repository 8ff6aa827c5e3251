# SPDX-License-Identifier: MIT
require 'sidekiq/api'
Sidekiq.configure_client { |config| config.redis = { url: URL } }
def Peer.look = Sidekiq::Queue.all.each { |queue| [queue.size, queue.latency] }
