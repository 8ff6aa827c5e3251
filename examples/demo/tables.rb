# SPDX-License-Identifier: MIT
# Makes Delayed Job's table as `rails generate delayed_job:active_record` does: by the library's own template.
require 'erb'

def make_tables
  path = File.join(Gem.loaded_specs['delayed_job_active_record'].full_gem_path,
                   'lib/generators/delayed_job/templates/migration.rb')
  migration_version = "[#{ActiveRecord::Migration.current_version}]"
  eval(ERB.new(File.read(path)).result(binding), TOPLEVEL_BINDING, path)
  ActiveRecord::Migration.suppress_messages { CreateDelayedJobs.migrate(:up) }
end
