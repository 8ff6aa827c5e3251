# SPDX-License-Identifier: MIT
# WORDS: a statement for PostgreSQL, planned each time, as others' are.
require 'pg'
CONNECTION = PG.connect(URL)
CONNECTION.exec('SET jit = off')
def Peer.look = CONNECTION.exec_params(WORDS[0], [])
