# SPDX-License-Identifier: MIT
# The demo's app: Delayed Job on the database of DATABASE_URL, as in Rails but without it.
require 'logger'
require 'active_record'
require 'delayed_job_active_record'

# Workers write to one file: each waits for its turn.
ActiveRecord::Base.establish_connection(adapter: 'sqlite3', timeout: 20_000,
                                        database: ENV.fetch('DATABASE_URL').delete_prefix('sqlite3:'))
Delayed::Worker.logger = Logger.new($stdout)

# A job as apps have them: it takes its time.
Report = Struct.new(:seconds) do
  def perform
    sleep seconds
  end
end
