#!/bin/sh
# SPDX-License-Identifier: MIT
# On a folder of its own: does the adapter keep the contract, and measure what states.yml says?
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
touch "$folder/mail.1" "$folder/mail.2" "$folder/pdf.1"
dynomatic check-plugin ./@NAME@.so --option "path=$folder" --expect states.yml
