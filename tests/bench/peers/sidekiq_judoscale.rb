# SPDX-License-Identifier: MIT
require 'sidekiq/api'
require 'judoscale-sidekiq'
Sidekiq.configure_client { |config| config.redis = { url: URL } }
Judoscale::Config.instance.logger = Logger.new(nil)
Judoscale::Config.instance.sidekiq.max_queues = 1_000_000 # it stops at 20 otherwise
COLLECTOR = Judoscale::Sidekiq::MetricsCollector.new
def Peer.look = COLLECTOR.collect
