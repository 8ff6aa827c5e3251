#!/bin/sh
# Makes configure and what belongs to it. Needs autoconf, automake, libtool, libltdl-dev, pkg-config.
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux m4
exec autoreconf --install --force "$@"
