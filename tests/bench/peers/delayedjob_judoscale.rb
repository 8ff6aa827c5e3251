# SPDX-License-Identifier: MIT
require_relative 'delayedjob_library'
require 'judoscale-delayed_job'
Judoscale::Config.instance.logger = Logger.new(nil)
Judoscale::Config.instance.delayed_job.max_queues = 1_000_000 # it stops at 20 otherwise
COLLECTOR = Judoscale::DelayedJob::MetricsCollector.new
def Peer.look = COLLECTOR.collect
