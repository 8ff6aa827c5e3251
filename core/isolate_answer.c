/* SPDX-License-Identifier: MIT
 * What an isolated plugin says to its host: noted where it runs, said again where the host is. */
#include "core/isolate_wire.h"

#include "core/log.h"
#include "core/memory.h"

#include <stdint.h>
#include <stdlib.h>

enum said {
    SAID_PUT,
    SAID_UNKNOWN,
    SAID_WORKER,
    SAID_FOUND,
    SAID_NAME,
    SAID_ADVICE,
    SAID_FAIL,
    SAID_END
};

/* ---- Noted ---- */

static struct isolate_recorder *recorder_of(const struct dyn_host *host)
{
    return (struct isolate_recorder *)(uintptr_t)host;
}

/* The message to add to; NULL once there is too much, and the call will fail. */
static struct message *note(const struct dyn_host *host, enum said what)
{
    struct message *said = &recorder_of(host)->said;
    if (message_is_full(said))
        return NULL;
    message_add_number(said, what);
    return said;
}

static int32_t record_fail(const struct dyn_host *host, int32_t code, const char *text)
{
    struct isolate_recorder *recorder = recorder_of(host);
    free(recorder->failure);
    recorder->failure = memory_copy(text != NULL ? text : "");
    return code;
}

static void record_put(const struct dyn_host *host, uint32_t index, int32_t metric, int64_t value,
                       uint32_t flags)
{
    struct message *said = note(host, SAID_PUT);
    if (said == NULL)
        return;
    message_add_number(said, index);
    message_add_number(said, metric);
    message_add_number(said, value);
    message_add_number(said, flags);
}

static void record_unknown(const struct dyn_host *host, uint32_t index, const char *text)
{
    struct message *said = note(host, SAID_UNKNOWN);
    if (said == NULL)
        return;
    message_add_number(said, index);
    message_add_text(said, text);
}

static void record_worker(const struct dyn_host *host, uint32_t index,
                          const struct dyn_worker *worker)
{
    struct message *said = note(host, SAID_WORKER);
    if (said == NULL)
        return;
    message_add_number(said, index);
    message_add_number(said, worker->busy_ms);
    message_add_text(said, worker->host);
    message_add_text(said, worker->id);
    message_add_text(said, worker->queue);
    message_add_text(said, worker->job);
    message_add_number(said, worker->n_jobs);
}

static void record_found(const struct dyn_host *host, int32_t percent, const char *evidence)
{
    struct message *said = note(host, SAID_FOUND);
    if (said == NULL)
        return;
    message_add_number(said, percent);
    message_add_text(said, evidence);
}

static void record_name(const struct dyn_host *host, const char *name, int32_t size)
{
    struct message *said = note(host, SAID_NAME);
    if (said == NULL)
        return;
    message_add_text(said, name);
    message_add_number(said, size);
}

static void record_advice(const struct dyn_host *host, const char *line)
{
    struct message *said = note(host, SAID_ADVICE);
    if (said != NULL)
        message_add_text(said, line);
}

/* Written here, since it may come at any time: standard error is the host's own. */
static void record_log(const struct dyn_host *host, int32_t level, const char *text)
{
    if (level >= DYN_ERROR && level <= DYN_DEBUG && text != NULL)
        log_write((enum log_level)level, recorder_of(host)->name, "%s", text);
}

void isolate_recorder_init(struct isolate_recorder *recorder, const char *name)
{
    *recorder = (struct isolate_recorder){
        .table =
            {
                .size = sizeof recorder->table,
                .abi = DYN_ABI,
                .fail = record_fail,
                .put = record_put,
                .unknown = record_unknown,
                .put_worker = record_worker,
                .found = record_found,
                .log = record_log,
                .put_name = record_name,
                .advise = record_advice,
            },
        .name = name,
    };
}

void isolate_recorder_fini(struct isolate_recorder *recorder)
{
    message_fini(&recorder->said);
    free(recorder->failure);
}

void isolate_record(struct isolate_recorder *recorder)
{
    message_begin(&recorder->said);
    free(recorder->failure);
    recorder->failure = NULL;
}

void isolate_record_end(struct isolate_recorder *recorder, struct isolate_end end)
{
    if (message_is_full(&recorder->said)) {
        message_begin(&recorder->said);
        end.code = record_fail(&recorder->table, DYN_BROKEN, "it answered more than 16 MiB");
    }
    if (recorder->failure != NULL) {
        message_add_number(&recorder->said, SAID_FAIL);
        message_add_text(&recorder->said, recorder->failure);
    }
    message_add_number(&recorder->said, SAID_END);
    message_add_number(&recorder->said, end.code);
    message_add_number(&recorder->said, end.bytes);
}

/* ---- Said again ---- */

static void play_put(struct message *said, const struct dyn_host *host)
{
    uint32_t index = (uint32_t)message_number(said);
    int32_t metric = message_int(said);
    int64_t value = message_number(said);
    uint32_t flags = (uint32_t)message_number(said);
    if (!said->is_bad)
        host->put(host, index, metric, value, flags);
}

static void play_unknown(struct message *said, const struct dyn_host *host)
{
    uint32_t index = (uint32_t)message_number(said);
    const char *text = message_text(said);
    if (!said->is_bad)
        host->unknown(host, index, text);
}

static void play_worker(struct message *said, const struct dyn_host *host)
{
    struct dyn_worker worker = {0};
    uint32_t index = (uint32_t)message_number(said);
    worker.busy_ms = message_number(said);
    worker.host = message_text(said);
    worker.id = message_text(said);
    worker.queue = message_text(said);
    worker.job = message_text(said);
    worker.n_jobs = (uint32_t)message_number(said);
    if (!said->is_bad)
        host->put_worker(host, index, &worker);
}

static void play_found(struct message *said, const struct dyn_host *host)
{
    int32_t percent = message_int(said);
    const char *evidence = message_text(said);
    if (!said->is_bad)
        host->found(host, percent, evidence);
}

static void play_name(struct message *said, const struct dyn_host *host)
{
    const char *name = message_text(said);
    int32_t size = message_int(said);
    if (!said->is_bad)
        host->put_name(host, name, size);
}

static void play_advice(struct message *said, const struct dyn_host *host)
{
    const char *line = message_text(said);
    if (!said->is_bad)
        host->advise(host, line);
}

static void play_fail(struct message *said, const struct dyn_host *host)
{
    const char *text = message_text(said);
    if (!said->is_bad)
        host->fail(host, DYN_OK, text); /* the code comes at the end */
}

struct isolate_end isolate_play(struct message *said, const struct dyn_host *host)
{
    static void (*const plays[SAID_END])(struct message *, const struct dyn_host *) = {
        [SAID_PUT] = play_put,     [SAID_UNKNOWN] = play_unknown, [SAID_WORKER] = play_worker,
        [SAID_FOUND] = play_found, [SAID_NAME] = play_name,       [SAID_ADVICE] = play_advice,
        [SAID_FAIL] = play_fail,
    };
    int64_t what;
    while ((what = message_number(said)) != SAID_END && !said->is_bad) {
        if (what < 0 || what > SAID_END)
            said->is_bad = true;
        else
            plays[what](said, host);
    }
    int32_t code = message_int(said);
    int64_t bytes = message_number(said);
    said->is_bad = said->is_bad || said->at != said->bytes.length;
    return (struct isolate_end){code, bytes};
}
