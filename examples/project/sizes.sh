#!/bin/sh
# SPDX-License-Identifier: MIT
# On a file of its own: does the back-end keep the contract, and set the size of a pool?
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo 'worker 1' >"$folder/sizes"
dynomatic check-plugin ./@NAME@.so --option "file=$folder/sizes" --name worker
