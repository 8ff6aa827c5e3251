# SPDX-License-Identifier: MIT
require 'resque'
require 'judoscale-resque'
Resque.redis = URL
Judoscale::Config.instance.logger = Logger.new(nil)
Judoscale::Config.instance.resque.max_queues = 1_000_000 # it stops at 20 otherwise
COLLECTOR = Judoscale::Resque::MetricsCollector.new
def Peer.look = COLLECTOR.collect
