/* SPDX-License-Identifier: MIT
 * One instance of the plugin under check, and the host it sees, which notes what it answers and how
 * it breaks the contract. In the process of a check only. */
#ifndef KIT_HOST_H
#define KIT_HOST_H

#include "core/error.h"
#include "core/plugin.h"
#include "core/policy.h"
#include "kit/subject.h"

#include <pthread.h>

/* What of the contract can be called on an instance. */
enum verb { MEASURE, DETECT, WATCH, WORKERS, ADVISE, READ, APPLY, NAMES, N_VERBS };

/* Whose tables the plugin sees: as this header has them, as the first header of the ABI had them
 * (with nothing behind their end), or as a later one will. */
enum host_age { HOST_OF_TODAY, HOST_OF_OLD, HOST_TO_COME };

/* How the contract can be broken by what an instance tells its host. */
enum fault {
    FAULT_TEXT,   /* a failure without a text, or not by fail(); a text that is no line */
    FAULT_INDEX,  /* an element that the call does not have */
    FAULT_VALUE,  /* a metric that nobody knows or that it cannot tell by its table */
    FAULT_CALLER, /* on a host that is not the instance's, or outside of a call */
    N_FAULTS
};

enum { HOST_METRICS = 32 };

/* What one element of a call was told. */
struct told {
    struct value values[HOST_METRICS]; /* by metric */
    bool is_unknown;                   /* unknown() said why values are missing */
};

struct host {
    const struct subject *subject;
    const struct plugin *plugin;
    void *config;
    void *self; /* NULL: not open */

    const struct dyn_host *table;
    struct dyn_call *call;
    int cancel_fd;

    int32_t watch_fd; /* of the last watch() */

    struct told *told;
    uint32_t n;
    int32_t topic;  /* of ADVISE */
    int32_t failed; /* the code that fail() was given in this call; DYN_OK: not called */
    char failure[1024];
    bool is_called;
    pthread_t caller;

    struct error faults[N_FAULTS]; /* the first of each kind; "" if there is none */
    struct text *said;             /* all texts that it was given, if not NULL */
};

/* The plugin, loaded; ends the check as skipped if it cannot be. */
const struct plugin *host_plugin(const struct subject *subject);

/* A host, not opened yet, that leads to the URLs as given (port 0) or to a port of 127.0.0.1; NULL
 * if there is no URL to be led elsewhere. Ends the check as skipped if options are missing. */
struct host *host_new(const struct subject *subject, int port, enum host_age age);

/* Calls open(); its code. */
int32_t host_open(struct host *host);

/* A host that is open; ends the check as skipped if open() fails. */
struct host *host_opened(const struct subject *subject);
struct host *host_opened_at(const struct subject *subject, int port); /* NULL: no URL */

/* Calls close(), and frees the host. */
void host_close(struct host *host);

bool host_can(const struct host *host, enum verb verb);
const char *verb_name(enum verb verb);

/* Calls with n sample groups, names or changes, and a time to do it in. The code. */
int32_t host_call(struct host *host, enum verb verb, uint32_t n, int64_t timeout_ms);

/* The same with the caller's own; `arguments` is the array that the verb takes. */
int32_t host_call_with(struct host *host, enum verb verb, const void *arguments, uint32_t n,
                       int64_t timeout_ms);

/* The verb that every plugin of its kind answers: MEASURE or READ. */
enum verb host_question(const struct plugin *plugin);

/* Asks it so; ends the check as skipped if that fails, since then there is no store to learn from.
 */
void host_ask(struct host *host, enum verb verb, const void *arguments, uint32_t n);

/* Cancels the call that runs, or the next one. On any thread. */
void host_cancel(struct host *host);

/* How many entries a folder has: /proc/self/fd, for the descriptors that are open. */
long host_entries(const char *folder);

/* "DYN_LATE (2 s passed)". */
const char *code_name(int32_t code);

/* What watch() gives before it has given anything. */
enum { HOST_NO_FD = INT32_MIN };

/* How long a call may take where nothing is said of it. */
enum { HOST_TIMEOUT_MS = 5000 };

#endif
