#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every script can be parsed by the language that its first line or its name says.
. "$top_srcdir/tests/support/tap.sh"
needs ruby 'it parses the Ruby scripts'

cd "$top_srcdir" || exit 1
while IFS= read -r file; do
  case $file:$(head -n 1 "$file") in
    *'.rb:'* | *:'#!'*ruby*) ok "$file is Ruby" ruby -wc "$file" ;;
    *:'#!/bin/sh'*) ok "$file is POSIX shell" sh -n "$file" ;;
    *'.sh:'* | *:'#!'*bash*) ok "$file is Bash" bash -n "$file" ;;
  esac
done < <(find autogen.sh bin .ci core docs examples kit plugins tests -type f | LC_ALL=C sort)
tap_end
