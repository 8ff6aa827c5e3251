#!/bin/sh
# Makes configure and what belongs to it. Needs autoconf, automake, libtool, libltdl-dev, pkg-config.
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux m4
autoreconf --install --force "$@"

# Autoconf would remove a core dump called "core", which is a folder of ours in each build.
sed 's/rm -f core /rm -f /' configure >configure~
cat configure~ >configure
rm configure~
