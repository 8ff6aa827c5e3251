# SPDX-License-Identifier: MIT
# What the jobs of all libraries do.
FOLDER = ENV.fetch('JOB_FOLDER')

# Runs until a test lets it go.
def hold(number) = (sleep 0.02 until File.exist?("#{FOLDER}/#{number}"))
def let_go(number) = File.write("#{FOLDER}/#{number}", '')

# Takes its time as an app's job does, and leaves its mark.
def report(number)
  sleep 0.2
  File.write("#{FOLDER}/done", "#{number}\n", mode: 'a')
end
