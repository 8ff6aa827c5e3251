# SPDX-License-Identifier: MIT
# The demo's app: Delayed Job on the database of DATABASE_URL, as in Rails but without it.
require 'erb'
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

# Makes the table as `rails generate delayed_job:active_record` does, by the library's own template.
def make_tables
  ActiveRecord::Base.connection.execute('PRAGMA journal_mode = WAL')
  path = File.join(Gem.loaded_specs['delayed_job_active_record'].full_gem_path,
                   'lib/generators/delayed_job/templates/migration.rb')
  migration_version = "[#{ActiveRecord::Migration.current_version}]"
  eval(ERB.new(File.read(path)).result(binding), TOPLEVEL_BINDING, path)
  ActiveRecord::Migration.suppress_messages { CreateDelayedJobs.migrate(:up) }
end
