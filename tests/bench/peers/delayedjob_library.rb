# SPDX-License-Identifier: MIT
# Delayed Job itself, connected; of its own it tells only which jobs a worker would find.
require 'logger'
require 'active_record'
require 'delayed_job_active_record'
ActiveRecord::Base.establish_connection(URL.sub(/\Apostgres:/, 'postgresql:'))
ActiveRecord.default_timezone = :utc
def Peer.look = Delayed::Job.ready_to_run('worker', Delayed::Worker.max_run_time).count
