/* SPDX-License-Identifier: MIT
 * The inside of isolate.h, shared by its files: isolate.c (the host's side), isolate_child.c (the
 * process), isolate_ask.c (what is asked, as a message), isolate_answer.c (what is answered). */
#ifndef CORE_ISOLATE_WIRE_H
#define CORE_ISOLATE_WIRE_H

#include "core/message.h"
#include "core/option.h"

#include <dynomatic/plugin.h>

/* What the process finds open beside standard error. */
enum { ISOLATE_SOCKET = 3, ISOLATE_CANCEL = 4, ISOLATE_FIRST_FREE = 5 };

/* ---- isolate_ask.c ---- */

/* Stands first in what is asked. What follows, in this order:
 * ASK_OPEN    a log level, the plugin's path, the options
 * ASK_LIMIT   a name
 * ASK_ADVISE  the deadline, and the topic
 * others      the deadline, and the elements of the call, if it has any */
enum isolate_ask {
    ASK_OPEN,
    ASK_LIMIT,
    ASK_ADVISE,
    ASK_DETECT,
    ASK_NAMES,
    ASK_MEASURE,
    ASK_WATCH, /* its descriptor follows the answer */
    ASK_WORKERS,
    ASK_READ,
    ASK_APPLY
};

void isolate_add_options(struct message *message, struct option_table table, const void *values);
void isolate_add_groups(struct message *message, const struct dyn_group *groups, uint32_t n);
void isolate_add_texts(struct message *message, const char *const *texts, uint32_t n);
void isolate_add_changes(struct message *message, const struct dyn_change *changes, uint32_t n);

/* Sets the members of `values`, which is the options' then, see option_fini(). A table that is not
 * the one on the other side, as when the file was replaced meanwhile, makes the message bad. */
void isolate_take_options(struct message *message, struct option_table table, void *values);

/* The elements of a call; their texts are the message's. */
struct isolate_elements {
    uint32_t n;
    struct dyn_group *groups;
    struct dyn_change *changes;
    const char **texts; /* the names of a read, or what the others point to */
    size_t n_texts;
};

void isolate_take_elements(struct message *message, enum isolate_ask ask,
                           struct isolate_elements *elements);
void isolate_elements_fini(struct isolate_elements *elements);

/* ---- isolate_answer.c ---- */

/* A host that notes what is said to it: the table stands first. */
struct isolate_recorder {
    struct dyn_host table;
    const char *name; /* for the log */
    struct message said;
    char *failure;
};

void isolate_recorder_init(struct isolate_recorder *recorder, const char *name);
void isolate_recorder_fini(struct isolate_recorder *recorder);

/* How it ended. */
struct isolate_end {
    int32_t code;  /* what the function returned */
    int64_t bytes; /* of memory that the process has taken, if it has too many; else 0 */
};

/* Before and after a function of the plugin is called. More than can be sent becomes a failure. */
void isolate_record(struct isolate_recorder *recorder);
void isolate_record_end(struct isolate_recorder *recorder, struct isolate_end end);

/* Says all of it to `host`. The message is bad if it is no such record. */
struct isolate_end isolate_play(struct message *said, const struct dyn_host *host);

#endif
