# SPDX-License-Identifier: MIT
module Bench
  # A user who may not ask for CLIENT TRACKING has no events.
  WITHOUT_EVENTS = ['--user', 'default', 'on', 'nopass', '~*', '&*', '+@all', '-client|tracking'].freeze

  class Scenario
    # The trigger that a user is advised to create, as SQL.
    def notify_sql(adapter, url)
      file = file_of(Daemon.one_pool(nil, adapter, url))
      sql = IO.popen([Daemon.program, '-c', file, 'sql', 'notify', { err: File::NULL }], &:read)
      raise Missing, 'this build has no `dynomatic sql notify`' unless $CHILD_STATUS.success? && !sql.empty?

      sql
    end
  end
end
