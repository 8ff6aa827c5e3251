#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every C file is laid out as .clang-format says; but what was released stays as it is.
. "$top_srcdir/tests/support/tap.sh"
needs clang-format 'it lays out the code'

cd "$top_srcdir" || exit 1
while IFS= read -r file; do
  ok "$file is laid out" clang-format --dry-run -Werror "$file"
done < <(find core include kit plugins tests examples -path tests/abi/released -prune -o -name '*.[ch]' -print -o -name '*.cc' -print | LC_ALL=C sort)
tap_end
