# SPDX-License-Identifier: MIT
require 'sidekiq/api'
Sidekiq.configure_client { |config| config.redis = { url: URL } }
def Peer.look = Sidekiq::Stats.new.enqueued
