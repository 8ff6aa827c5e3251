# SPDX-License-Identifier: MIT
# Says that this is Ruby 3.2, to what asks. Sidekiq 8 refuses Debian 12's Ruby 3.1 by its word, and runs on it:
# its 8.0 has nothing in it that Ruby 3.1 cannot read, as long as its connection_pool has not either.
require 'set' # Ruby 3.2 has it from the start
Object.send(:remove_const, :RUBY_VERSION)
RUBY_VERSION = '3.2.0'
Gem.remove_instance_variable(:@ruby_version) if Gem.instance_variable_defined?(:@ruby_version)
