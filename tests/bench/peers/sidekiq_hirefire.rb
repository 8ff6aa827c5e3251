# SPDX-License-Identifier: MIT
# WORDS: the queues; none: all.
require 'sidekiq/api'
require 'hirefire-resource'
Sidekiq.configure_client { |config| config.redis = { url: URL } }
def Peer.look = HireFire::Macro::Sidekiq.job_queue_size(*WORDS)
