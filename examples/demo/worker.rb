# SPDX-License-Identifier: MIT
# What a worker dyno runs; in Rails: bin/delayed_job run. At SIGTERM it ends after the job at hand.
require_relative 'app'

worker = Delayed::Worker.new(sleep_delay: 0.5)
worker.name = "host:#{ENV.fetch('DYNO')} pid:#{Process.pid}" # a dyno's host name is not its name here
worker.start
