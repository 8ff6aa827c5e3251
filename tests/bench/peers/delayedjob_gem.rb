# SPDX-License-Identifier: MIT
# The Ruby gem that Dynomatic grew out of.
require_relative 'delayedjob_library'
require 'dynomatic'
COUNTER = Dynomatic::Adapters::DelayedJob.new
def Peer.look = COUNTER.job_count
