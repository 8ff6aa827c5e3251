# SPDX-License-Identifier: MIT
module Bench
  # A set of gems that bin/setup installed: see tests/support/gems.sh.
  module Gems
    SCRIPT = '. "$top_srcdir/tests/support/gems.sh"; [ -e "$gems/$0/complete" ] || exit 77; with_gems "$0" "$@"'.freeze

    def self.command(set, *words)
      raise Missing, "the gems '#{set}' are missing: bin/setup --bench" unless there?(set)

      ['bash', '-c', SCRIPT, set, *words]
    end

    def self.there?(set) = system('bash', '-c', SCRIPT, set, 'true')
  end
end
