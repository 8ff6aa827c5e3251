# SPDX-License-Identifier: MIT
module Bench
  # What a process and all that it started use, as the kernel tells it in /proc.
  module Usage
    TICK_US = 1_000_000.0 / Integer(`getconf CLK_TCK`)

    module_function

    # Nanoseconds of each living thread, and of what has ended the ticks that its parent got.
    def cpu_us(pid)
      family(pid).sum do |member|
        ended = (stat(member)[13, 2] || []).sum(&:to_i) * TICK_US
        threads(member, 'schedstat').sum { |text| text.to_i / 1000.0 } + ended
      end
    end

    def memory_kb(pid)
      rollup = File.read("/proc/#{pid}/smaps_rollup")
      { rss: 'Rss', pss: 'Pss', dirty: 'Private_Dirty' }.transform_values { |key| rollup[/^#{key}:\s+(\d+)/, 1].to_i }
    end

    # How often threads went to sleep of their own will, so how often something woke them.
    def wakeups(pid)
      threads(pid, 'status').sum { |text| text[/^voluntary_ctxt_switches:\s+(\d+)/, 1].to_i }
    end

    def family(pid)
      parents = Dir.children('/proc').grep(/\A\d+\z/).to_h { |child| [child.to_i, stat(child)[1].to_i] }
      members = [pid]
      members.each { |member| members.concat(parents.select { |_, parent| parent == member }.keys) }
    end

    def threads(pid, file)
      Dir.glob("/proc/#{pid}/task/*/#{file}").filter_map { |path| read(path) }
    end

    # The fields of a process from its state on; none of one that has ended meanwhile.
    def stat(pid) = (read("/proc/#{pid}/stat") || '').rpartition(') ').last.split

    def read(path)
      File.read(path)
    rescue SystemCallError
      nil
    end
  end
end
