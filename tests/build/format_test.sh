#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every C file is laid out as .clang-format says.
. "$top_srcdir/tests/support/tap.sh"
needs clang-format 'it lays out the code'

cd "$top_srcdir" || exit 1
while IFS= read -r file; do
  ok "$file is laid out" clang-format --dry-run -Werror "$file"
done < <(find core include plugins tests examples -name '*.[ch]' -o -name '*.cc' | LC_ALL=C sort)
tap_end
