# SPDX-License-Identifier: MIT
require 'resque'
require 'hirefire-resource'
Resque.redis = URL
def Peer.look = HireFire::Macro::Resque.job_queue_size(*WORDS)
