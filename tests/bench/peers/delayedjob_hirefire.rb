# SPDX-License-Identifier: MIT
# WORDS: the queues; none: all.
require_relative 'delayedjob_library'
require 'hirefire-resource'
def Peer.look = HireFire::Macro::Delayed::Job.job_queue_size(*WORDS)
