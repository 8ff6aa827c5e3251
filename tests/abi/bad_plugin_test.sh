#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What no host can use, or should not trust: each is refused with a sentence that says why.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
cc=${CC:-cc}
needs "${cc%% *}" 'it makes the plugins'
plugins=$scratch/plugins
mkdir "$plugins"
unset DYNOMATIC_PLUGIN_PATH

build() { # name, what differs: -DMEMBER=VALUE; or more files and flags
  local name=$1
  shift
  # shellcheck disable=SC2086 # CC may hold flags
  $cc -std=gnu11 -shared -fPIC -I "$top_srcdir/include" -DNAME="\"$name\"" "$@" \
    "$top_srcdir/tests/abi/template.c" -o "$plugins/$name.so"
}

said() { "$top_builddir/dynomatic" plugins "$1" 2>&1; } # name or path

refused() { # what, path, why
  is "$1 is refused" "$(said "$2")" "dynomatic: plugin \"$2\" cannot be used: $3"
}

bad() { # name, why, what differs
  local name=$1 why=$2
  shift 2
  build "$name" "$@" || {
    tap_line false "$name: cannot be built"
    return
  }
  refused "$name" "$plugins/$name.so" "$why"
}

# ---- The shared object ----

build good
has 'a good one is used' "$(said "$plugins/good.so")" 'queue adapter, scaler back-end'
is 'and says nothing on standard error' "$("$top_builddir/dynomatic" plugins "$plugins/good.so" 2>&1 >"$scratch/out")" ''
build all -DLOAD=use_all
has 'load() may call all that the host offers' "$(said "$plugins/all.so")" 'any part of it can be another'
has 'and log' "$("$top_builddir/dynomatic" plugins "$plugins/all.so" 2>&1 >"$scratch/out")" 'loading and logging'

echo 'I am a text.' >"$plugins/text.so"
refused 'a file that is no shared object' "$plugins/text.so" 'file too short'
head -c 4096 /dev/zero >"$plugins/zeros.so"
refused 'a file of zeros' "$plugins/zeros.so" 'invalid ELF header'
: >"$plugins/empty.so"
refused 'an empty file' "$plugins/empty.so" 'file too short'
mkdir "$plugins/folder.so"
refused 'a folder' "$plugins/folder.so" 'it is not a file'
mkfifo "$plugins/pipe.so"
refused 'a pipe' "$plugins/pipe.so" 'it is not a file'
is 'one that is not there is refused' "$(said "$plugins/none.so")" \
  "dynomatic: plugin \"$plugins/none.so\" not found: No such file or directory"

echo 'int dynomatic_plug;' >"$scratch/symbol.c"
$cc -shared -fPIC "$scratch/symbol.c" -o "$plugins/symbol.so"
refused 'one without the symbol' "$plugins/symbol.so" 'it does not export dynomatic_plugin'

# Bound lazily it would load, and end the program at the first call.
echo 'void nowhere(void); void call(void); void call(void) { nowhere(); }' >"$scratch/unresolved.c"
bad unresolved 'undefined symbol: nowhere' -Wl,-z,lazy "$scratch/unresolved.c"

echo 'void gone(void); void gone(void) {}' >"$scratch/gone.c"
$cc -shared -fPIC "$scratch/gone.c" -o "$scratch/libgone.so"
build library -L"$scratch" -Wl,--no-as-needed -lgone
rm "$scratch/libgone.so"
refused 'one whose library is missing' "$plugins/library.so" \
  'libgone.so: cannot open shared object file: No such file or directory'

# ---- The descriptor ----

bad newer_abi "it was built for ABI 7, and this dynomatic has ABI 1: build it again with this dynomatic's header, or use a newer dynomatic" -DABI=7
bad older_abi "it was built for ABI 0, and this dynomatic has ABI 1: build it again with this dynomatic's header" -DABI=0
bad other_name 'its name is "another", and must be that of the file, "other_name"' -UNAME -DNAME='"another"'
bad no_name 'its name is NULL' -UNAME -DNAME=NULL
bad no_version 'its version is NULL' -DVERSION=NULL
bad no_summary 'its summary is NULL' -DSUMMARY=NULL
bad size 'it says that its table has 16 bytes, which none can have' -DSIZE=16
bad odd_size 'it says that its table has 93 bytes, which none can have' -DSIZE=93
bad no_open 'it has no open()' -DOPEN=NULL
bad no_close 'it has no close()' -DCLOSE=NULL
bad no_kind 'it is neither a queue adapter nor a scaler back-end, or of a kind that only a newer dynomatic knows' \
  -DQUEUE=NULL -DSCALER=NULL
bad no_measure 'its queue adapter has no measure()' -DMEASURE=NULL
bad no_read 'its scaler back-end has no read()' -DREAD=NULL
bad no_apply 'its scaler back-end has no apply()' -DAPPLY=NULL
bad queue_size 'it says that its queue table has 8 bytes, which none can have' -DQUEUE_SIZE=8
bad scaler_size 'it says that its scaler table has 16 bytes, which none can have' -DSCALER_SIZE=16
bad load_fails 'its load() failed: the library libstore 1.0 is too old' -DLOAD=refuse
bad load_is_silent 'its load() failed: it does not say why' -DLOAD=refuse_silently

# ---- The options ----

bad no_rows 'it says that it has 2 options, and has none' -DOPTIONS=NULL
bad row_size 'it says that its option row has 20 bytes, which none can have' -DOPTION_SIZE=20
bad many_rows 'it says that it has 4000000000 options in 16 bytes' -DN_OPTIONS=4000000000u
bad large_config 'it says that it has 2 options in 4294967295 bytes' -DCONFIG_SIZE=4294967295u
bad option_name 'option 2: a name is lower case letters, digits and underscores' -DOPTION_NAME='"Size"'
bad option_null 'option 2: a name is lower case letters, digits and underscores' -DOPTION_NAME=NULL
bad option_twice 'option text: there are two of this name' -DOPTION_NAME='"text"'
bad option_type 'option size: type 77 is not known' -DOPTION_TYPE=77
bad option_outside 'option size: its member lies outside the struct' -DOPTION_OFFSET=16
has 'an option whose default does not fit is refused' \
  "$(build option_default -DOPTION_DEFAULT='"10"' && said "$plugins/option_default.so")" \
  'option size: its default "10" does not fit: '

# ---- Who could have put it there ----

trusted() { # folder: a good plugin in a folder of its own
  mkdir -p "$scratch/$1" && cp "$plugins/good.so" "$scratch/$1/good.so" && chmod 755 "$scratch/$1/good.so"
}

trusted open
chmod 775 "$scratch/open/good.so"
refused 'a file that a group may write' "$scratch/open/good.so" \
  "others may write to the file, and so replace it: chmod go-w $scratch/open/good.so"
chmod 757 "$scratch/open/good.so"
refused 'a file that all may write' "$scratch/open/good.so" \
  "others may write to the file, and so replace it: chmod go-w $scratch/open/good.so"
chmod 755 "$scratch/open/good.so"
chmod 777 "$scratch/open"
refused 'a folder that all may write' "$scratch/open/good.so" \
  "others may write to its folder, and so replace it: chmod go-w $scratch/open"
chmod 1777 "$scratch/open"
refused 'a folder like /tmp' "$scratch/open/good.so" \
  "others may write to its folder, and so replace it: chmod go-w $scratch/open"
mkdir "$scratch/links"
ln -s "$scratch/open/good.so" "$scratch/links/good.so"
refused 'a link into such a folder' "$scratch/links/good.so" \
  "others may write to its folder, and so replace it: chmod go-w $scratch/open"
ln -sf "$plugins/good.so" "$scratch/open/good.so"
refused 'a link in such a folder' "$scratch/open/good.so" \
  "others may write to its folder, and so replace it: chmod go-w $scratch/open"
chmod 775 "$scratch/open"
refused 'a folder that a group may write' "$scratch/open/good.so" \
  "others may write to its folder, and so replace it: chmod go-w $scratch/open"
chmod 755 "$scratch/open"
has 'the same is used after chmod' "$(said "$scratch/open/good.so")" 'any part of it can be another'
has 'by a path relative to the working directory too' "$(cd "$scratch/open" && said ./good.so)" \
  'any part of it can be another'
ln -s "$plugins/good.so" "$scratch/links/alias.so"
refused 'a link of another name' "$scratch/links/alias.so" \
  'its name is "good", and must be that of the file, "alias"'

trusted above/far/near
chmod 777 "$scratch/above"
refused 'one below a folder that all may write' "$scratch/above/far/near/good.so" \
  "others may write to a folder above it, and so replace it: chmod go-w $scratch/above"
is 'it is refused by a relative path too' "$(cd "$scratch/above/far/near" && said ./good.so)" \
  "dynomatic: plugin \"./good.so\" cannot be used: others may write to a folder above it, and so replace it: chmod go-w $scratch/above"
ln -s "$scratch/above/far/near/good.so" "$scratch/links/below.so"
refused 'a link that leads below one' "$scratch/links/below.so" \
  "others may write to a folder above it, and so replace it: chmod go-w $scratch/above"
chmod 1777 "$scratch/above"
has 'one below a folder like /tmp is used' "$(said "$scratch/above/far/near/good.so")" 'any part of it can be another'

if [ "$(id -u)" = 0 ]; then
  trusted foreign
  chown 1 "$scratch/foreign/good.so"
  refused 'a file that another user owns' "$scratch/foreign/good.so" \
    "the file belongs to user 1, who could replace it: chown root $scratch/foreign/good.so"
  chown 0 "$scratch/foreign/good.so"
  chown 1 "$scratch/foreign"
  refused 'a folder that another user owns' "$scratch/foreign/good.so" \
    "its folder belongs to user 1, who could replace it: chown root $scratch/foreign"
  trusted given/near
  chown 1 "$scratch/given"
  chmod 775 "$scratch/given"
  has 'one below a folder of whoever keeps the files is used' "$(said "$scratch/given/near/good.so")" \
    'any part of it can be another'
else
  tap_line true 'what another user owns is refused # SKIP only root can give a file away'
fi

# ---- By name ----

trusted first
DYNOMATIC_PLUGIN_PATH=:$scratch/nowhere::$scratch/first:$plugins
export DYNOMATIC_PLUGIN_PATH
has 'a name is found in the first folder that has it' "$(said good)" "$scratch/first/good.so"
has 'and in the others' "$(said all)" "$plugins/all.so"
has 'a name that is not there is refused with the folders' "$(said goood)" \
  "plugin \"goood\" not found; searched :$scratch/nowhere::$scratch/first:$plugins:"
has 'and with what is there, and what may be meant' "$(said goood)" \
  'found there: all, empty, folder, good, large_config, library, '
has 'the nearest is told' "$(said goood)" '(did you mean "good"?)'
has_not 'nothing that is far is told' "$(said something_else)" 'did you mean'
has 'a file in the folder that cannot be used is told by its name' "$(said text)" \
  "plugin \"$plugins/text.so\" cannot be used: file too short"
cd "$plugins" || exit
DYNOMATIC_PLUGIN_PATH=:
has 'an empty folder is not the working directory' "$(said good)" 'plugin "good" not found; searched :'
DYNOMATIC_PLUGIN_PATH=$plugins/folder.so
has 'a name is never a path: one folder up' "$(said ..)" 'plugin ".." not found; searched '
has 'a name is never a path: a file beside' "$(said good.so)" 'plugin "good.so" not found; searched '
has 'the variables of the linker add no folder' \
  "$(LTDL_LIBRARY_PATH=$plugins LD_LIBRARY_PATH=$plugins said good)" 'plugin "good" not found; searched '

# ---- With privileges that the user does not have ----

# The program as user 1 runs it, with the privileges of a file mode. It may look at the build folder no more
# than others may, so it is copied.
privileged() { # mode, owner, name or path
  install -m "$1" -o "${2%:*}" -g "${2#*:}" "$top_builddir/dynomatic" "$scratch/privileged"
  setpriv --reuid=1 --regid=1 --clear-groups "$scratch/privileged" plugins "$3" 2>&1
}
DYNOMATIC_PLUGIN_PATH=$plugins
if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
  tap_line true 'privileges change what is loaded # SKIP only root can give them, with setpriv'
elif findmnt -T "$scratch" -n -o OPTIONS | grep -q nosuid; then
  tap_line true "privileges change what is loaded # SKIP $scratch has no setuid files"
else
  trusted own
  chown -R 1:1 "$scratch/own"
  has 'without privileges: the variable adds folders' "$(privileged 755 0:0 good)" "$plugins/good.so"
  has 'without: what the user owns is loaded' "$(privileged 755 0:0 "$scratch/own/good.so")" "$scratch/own/good.so"
  for with in '4755 0:0' '2755 0:2'; do
    # shellcheck disable=SC2086 # two words
    has "with them ($with): the variable adds none" "$(privileged $with good)" \
      'plugin "good" not found; searched /'
    # shellcheck disable=SC2086
    has_not "with them ($with): nor does the message name one" "$(privileged $with good)" "$plugins"
    # shellcheck disable=SC2086
    has "with them ($with): root's plugin is loaded by its path" "$(privileged $with "$plugins/good.so")" \
      "$plugins/good.so"
    # shellcheck disable=SC2086
    has "with them ($with): what the user owns is refused" "$(privileged $with "$scratch/own/good.so")" \
      "dynomatic: plugin \"$scratch/own/good.so\" cannot be used: its folder belongs to user 1, who could replace it: chown root $scratch/own"
  done
fi
tap_end
