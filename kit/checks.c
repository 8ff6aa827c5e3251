/* SPDX-License-Identifier: MIT */
#include "kit/check.h"

#include "core/option.h"
#include "kit/trial.h"

#include <stdlib.h>

enum {
    LOADED = PLAYS_LOADED,
    SCALER = PLAYS_LOADED | PLAYS_SCALER,
    QUEUE = PLAYS_LOADED | PLAYS_QUEUE,
    WATCHER = PLAYS_LOADED | PLAYS_WATCH
};

const struct check checks[] = {
    {"file", "Nobody but root and the user can replace the file", check_file, 0},
    {"loads", "The linker finds everything that it needs", check_loads, 0},
    {"symbol", "It exports one symbol, dynomatic_plugin", check_symbol, 0},
    {"complete", "What it uses comes from libraries that it is linked with itself", check_complete,
     0},
    {"descriptor", "Its tables have the sizes, the ABI and the texts that a host needs",
     check_descriptor, 0},
    {"name", "Its name is that of the file", check_name, 0},
    {"functions", "The functions that its kind must have are there", check_functions, 0},
    {"options", "Its options have names, help, limits, and defaults within them", check_options, 0},
    {"secrets", "Options that sound like secrets are marked", check_secrets, 0},
    {"load", "The host can use it: load() succeeds", check_load, 0},
    {"open", "open() makes an instance, or says why not", check_open, LOADED},
    {"open_io", "open() does no I/O, and so never blocks", check_open_io, LOADED},
    {"close_null", "close(NULL) is allowed", check_close_null, LOADED},
    {"leaks", "open(), a call and close() leave no memory, descriptor or thread behind",
     check_leaks, LOADED},
    {"two_at_once", "Two instances on two threads do not know of each other", check_two_at_once,
     LOADED},
    {"old_host", "It works in an older host, and reads nothing behind its tables", check_old_host,
     LOADED},
    {"new_host", "It works in a newer host, whose tables are larger", check_new_host, LOADED},
    {"none", "A call with no groups or names succeeds: it tries the connection", check_none,
     LOADED},
    {"many", "A call with 10,000 groups or names is answered, or late", check_many, LOADED},
    {"index", "It answers only the elements that a call has, on the host of the instance",
     check_index, LOADED},
    {"metrics", "It ignores metrics that it does not know, and puts none that its table lacks",
     check_metrics, LOADED},
    {"answers", "Waiting jobs or a size are put of each element, or unknown() says why not",
     check_answers, LOADED},
    {"cap", "A count that stops at the cap is put with DYN_AT_LEAST", check_cap, QUEUE},
    {"watch", "watch() gives a descriptor that can be polled, or -1", check_watch, WATCHER},
    {"watch_quiet", "measure() takes the events off what watch() gave", check_watch_quiet, WATCHER},
    {"watch_again", "watch() called again and again opens no more descriptors", check_watch_again,
     WATCHER},
    {"advice", "It advises line by line, and nothing on a topic that it does not know",
     check_advice, QUEUE},
    {"failures", "A call that fails says why by fail(), in a line, and returns its code",
     check_failures, LOADED},
    {"hidden", "No text has a secret of the options", check_hidden, LOADED},
    {"deadline", "A call is over by its deadline, also at a server that never answers",
     check_deadline, LOADED},
    {"cancel", "A call that waits for a server is over when it is cancelled", check_cancel, LOADED},
    {"allocations", "Without memory it fails with a text, and tells nothing wrong",
     check_allocations, LOADED},
    {"prints", "It writes nothing to standard output or error", check_prints, LOADED},
    {"locale", "It does not change the locale", check_locale, LOADED},
    {"umask", "It does not change the umask", check_umask, LOADED},
    {"signals", "It does not change what happens at signals", check_signals, LOADED},
    {"folder", "It does not change the working directory", check_folder, LOADED},
    {"processes", "It starts no other process", check_processes, LOADED},
    {"read_after_apply", "What apply() put is what read() puts then", check_read_after_apply,
     SCALER},
    {"repeatable", "Applying a size again changes nothing", check_repeatable, SCALER},
    {"held_back", "A worker that must not be stopped keeps the size above none", check_held_back,
     SCALER},
    {"partial", "A pool that is not there does not keep others from being set", check_partial,
     SCALER},
};
const size_t n_checks = sizeof checks / sizeof checks[0];

void check_plays(const struct subject *subject)
{
    struct error error = {""};
    struct text mistakes = {0};
    bool is_incomplete = true;
    trial_doing("load()");
    const struct plugin *plugin = subject_load(subject, &error);
    if (plugin == NULL)
        return;
    trial_plays(PLAYS_LOADED | (plugin->table.queue != NULL ? PLAYS_QUEUE : 0U) |
                (plugin->table.scaler != NULL ? PLAYS_SCALER : 0U) |
                (plugin->queue.watch != NULL ? PLAYS_WATCH : 0U));
    if (subject_config(subject, plugin, &mistakes, &is_incomplete) == NULL && !is_incomplete)
        trial_fail("%s", text_chars(&mistakes));
}
