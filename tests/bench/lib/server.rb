# SPDX-License-Identifier: MIT
module Bench
  # A server of a scenario's own, started as the tests start theirs (tests/support/KIND.sh), and ended with it.
  class Server
    attr_reader :kind, :port, :url, :pid

    SCRIPT = <<~'SH'
      . "$top_srcdir/tests/support/tap.sh"
      . "$top_srcdir/tests/support/$0.sh"
      "$0_start" "$@" >&2 || exit 1
      port=$0_port url=$0_url
      echo "${!port} ${!url} ${tap_pids[-1]}"
      read -r _
    SH

    # Ruby's client of each, with which a scenario fills it.
    CLIENTS = { 'redis' => 'redis', 'postgres' => 'pg', 'mariadb' => 'mysql2' }.freeze

    def initialize(kind, *settings)
      load_client(kind)
      @kind = kind
      @shell = IO.popen(['bash', '-c', SCRIPT, kind, *settings], 'r+')
      @port, @url, @pid = @shell.gets&.split
      raise Missing, "#{kind} could not be started; is it installed? See bin/setup --test" if @pid.nil?

      @port = @port.to_i
      @pid = @pid.to_i
    end

    def close = @shell.close

    private

    def load_client(kind)
      require CLIENTS.fetch(kind)
    rescue LoadError => e
      raise Missing, "#{e.message}; see bin/setup --test"
    end
  end
end
