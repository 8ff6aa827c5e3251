#!/bin/sh
# SPDX-License-Identifier: MIT
# On a folder of its own: does the back-end keep the contract, and set the size of a pool?
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo 1 >"$folder/worker"
dynomatic check-plugin ./@NAME@.so --option "folder=$folder" --name worker
