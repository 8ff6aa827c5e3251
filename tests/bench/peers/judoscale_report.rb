# SPDX-License-Identifier: MIT
# Judoscale's reporter, as an app runs it:  ruby judoscale_report.rb URL, with JUDOSCALE_URL in the environment.
require 'sidekiq/api'
require 'judoscale-sidekiq'
require 'judoscale/report'
require 'judoscale/reporter'
Sidekiq.configure_client { |config| config.redis = { url: ARGV[0] } }
Judoscale::Config.instance.logger = Logger.new(nil)
Judoscale::Reporter.start
$stdin.read # until who started it ends
