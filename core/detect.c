/* SPDX-License-Identifier: MIT */
#include "core/detect.h"

#include "core/isolate.h"
#include "core/memory.h"

#include <dynomatic/util.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What a candidate sees, and the way back from it: the table stands first. */
struct side {
    struct dyn_host table;
    const struct dyn_host *host; /* our own */
    struct detect_candidate *candidate;
    const struct plugin *plugin; /* the candidate's, or what stands in for it */
    struct plugin stand_in;
    void *self;    /* NULL: not open */
    uint32_t told; /* bits of the values whose lack was told */
};

struct detect {
    const struct dyn_host *host;
    struct side *sides;
    size_t n;
    struct side *chosen; /* NULL: not known yet */
};

/* ---- What a candidate calls ---- */

static struct side *side_of(const struct dyn_host *host)
{
    return (struct side *)(uintptr_t)host;
}

/* Keeps a text of one line, whatever the plugin made of a store's bytes. */
static void keep(struct detect_candidate *candidate, const char *text)
{
    struct text line = {0};
    for (size_t left = text != NULL ? strlen(text) : 0, n; left > 0; text += n, left -= n) {
        n = text_character(text, left);
        bool is_bad = n == 0 || (unsigned char)text[0] < ' ';
        text_add_n(&line, is_bad ? "?" : text, is_bad ? 1 : n);
        n = n == 0 ? 1 : n;
    }
    free(candidate->text);
    candidate->text = text_take(&line);
}

static int32_t side_fail(const struct dyn_host *host, int32_t code, const char *text)
{
    struct side *side = side_of(host);
    if (!side->candidate->is_chosen)
        keep(side->candidate, text);
    return side->host->fail(side->host, code, text);
}

static void side_put(const struct dyn_host *host, uint32_t index, int32_t metric, int64_t value,
                     uint32_t flags)
{
    const struct side *side = side_of(host);
    side->host->put(side->host, index, metric, value, flags);
}

static void side_unknown(const struct dyn_host *host, uint32_t index, const char *text)
{
    const struct side *side = side_of(host);
    side->host->unknown(side->host, index, text);
}

static void side_put_worker(const struct dyn_host *host, uint32_t index,
                            const struct dyn_worker *worker)
{
    const struct side *side = side_of(host);
    side->host->put_worker(side->host, index, worker);
}

static void side_found(const struct dyn_host *host, int32_t percent, const char *evidence)
{
    struct side *side = side_of(host);
    side->candidate->percent = percent < 1 ? 1 : percent > 100 ? 100 : percent;
    keep(side->candidate, evidence);
}

static void side_log(const struct dyn_host *host, int32_t level, const char *text)
{
    const struct side *side = side_of(host);
    char *line =
        memory_format("%s: %s", side->candidate->spec.plugin->table.name, text != NULL ? text : "");
    side->host->log(side->host, level, line);
    free(line);
}

/* A queue adapter has no platform to name pools of. */
static void side_put_name(const struct dyn_host *host, const char *name, int32_t size)
{
    (void)host, (void)name, (void)size;
}

static void side_advise(const struct dyn_host *host, const char *line)
{
    const struct side *side = side_of(host);
    side->host->advise(side->host, line);
}

static const struct dyn_host side_table = {
    .size = sizeof(struct dyn_host),
    .abi = DYN_ABI,
    .fail = side_fail,
    .put = side_put,
    .unknown = side_unknown,
    .put_worker = side_put_worker,
    .found = side_found,
    .log = side_log,
    .put_name = side_put_name,
    .advise = side_advise,
};

/* ---- Life ---- */

static void close_side(struct side *side)
{
    if (side->self != NULL)
        side->plugin->table.close(side->self);
    side->self = NULL;
}

static void detect_close(void *self)
{
    struct detect *detect = self;
    if (detect == NULL)
        return;
    for (size_t i = 0; i < detect->n; i++)
        close_side(&detect->sides[i]);
    free(detect->sides);
    free(detect);
}

static bool open_side(struct side *side, struct detect *detect, struct detect_candidate *candidate)
{
    *side = (struct side){.table = side_table, .host = detect->host, .candidate = candidate};
    side->plugin = isolate_plugin(&candidate->spec, &side->stand_in);
    *candidate =
        (struct detect_candidate){.spec = candidate->spec, .variable = candidate->variable};
    int32_t code =
        side->plugin->table.open(&side->table, isolate_config(&candidate->spec), &side->self);
    if (code == DYN_OK && side->self != NULL)
        return true;
    side->self = NULL;
    candidate->state = DETECT_REFUSED;
    if (candidate->text == NULL)
        candidate->text = memory_copy("it does not open, and does not say why");
    return false;
}

/* The texts of an instance that was opened before are gone with it. */
static void forget(struct detect_candidate *candidates, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(candidates[i].text);
        candidates[i].text = NULL;
    }
}

static int32_t detect_open(const struct dyn_host *host, const void *config, void **self)
{
    const struct detect_options *options = config;
    struct detect *detect = memory_new(1, sizeof *detect);
    struct text why = {0};
    bool is_one_open = false;
    *detect =
        (struct detect){host, memory_new(options->n, sizeof *detect->sides), options->n, NULL};
    forget(options->candidates, options->n);
    for (size_t i = 0; i < detect->n; i++)
        is_one_open |= open_side(&detect->sides[i], detect, &options->candidates[i]);
    *self = detect;
    if (is_one_open)
        return DYN_OK;
    detect_choose(options->candidates, options->n, &why);
    int32_t code = host->fail(host, DYN_BROKEN, text_chars(&why));
    text_fini(&why);
    detect_close(detect);
    *self = NULL;
    return code;
}

/* ---- Asking ---- */

static void ask(const struct side *side, const struct dyn_call *call)
{
    struct detect_candidate *candidate = side->candidate;
    free(candidate->text);
    candidate->text = NULL;
    candidate->percent = 0;
    int32_t code = side->plugin->queue.detect(side->self, call);
    candidate->code = code < DYN_LATE || code > DYN_BROKEN ? DYN_RETRY : code;
    candidate->state = code == DYN_NO                             ? DETECT_NO
                       : code == DYN_OK && candidate->percent > 0 ? DETECT_FOUND
                                                                  : DETECT_FAILED;
    if (candidate->text == NULL)
        candidate->text = memory_copy("it does not say why");
}

/* Each gets an equal share of the time that is left, and leaves a share for the call itself. */
static void ask_all(struct detect *detect, const struct dyn_call *call)
{
    int64_t n_left = 1;
    for (size_t i = 0; i < detect->n; i++)
        n_left += detect->sides[i].self != NULL;
    for (size_t i = 0; i < detect->n && !dyn_is_over(call); i++) {
        if (detect->sides[i].self == NULL)
            continue;
        int64_t now_ns = dyn_now_ns();
        struct dyn_call share = {sizeof share, call->cancel_fd,
                                 now_ns + (call->deadline_ns - now_ns) / n_left--};
        ask(&detect->sides[i], &share);
    }
}

/* The others have nothing more to do, and keep no connection. */
static void take(struct detect *detect)
{
    struct side *side = detect->sides;
    while (!side->candidate->is_chosen) /* one of them is */
        side++;
    for (size_t i = 0; i < detect->n; i++)
        if (&detect->sides[i] != side)
            close_side(&detect->sides[i]);
    char *text = memory_format("found %s at %s: %s", side->candidate->spec.plugin->table.name,
                               detect_place(side->candidate), side->candidate->text);
    detect->host->log(detect->host, DYN_INFO, text);
    detect->chosen = side;
    free(text);
}

static void forget_answers(struct detect *detect)
{
    for (size_t i = 0; i < detect->n; i++)
        if (detect->sides[i].self != NULL)
            detect->sides[i].candidate->state = DETECT_UNASKED;
}

static int32_t find(struct detect *detect, const struct dyn_call *call,
                    const struct detect_candidate **candidate)
{
    if (detect->chosen == NULL) {
        struct text why = {0};
        forget_answers(detect);
        ask_all(detect, call);
        int32_t code = detect_choose(detect->sides[0].candidate, detect->n, &why);
        if (code != DYN_OK)
            code = detect->host->fail(detect->host, code, text_chars(&why));
        text_fini(&why);
        if (code != DYN_OK)
            return code;
        take(detect);
    }
    *candidate = detect->chosen->candidate;
    return DYN_OK;
}

/* ---- Handing on ---- */

/* The file could not be checked for this while the adapter was not known. */
static void tell_lacking(struct detect *detect, const struct dyn_group *groups, uint32_t n)
{
    static const struct {
        int32_t metric;
        const char *name;
    } told[] = {{DYN_WAITING, "waiting"}, {DYN_LATENCY, "latency"}, {DYN_BUSY, "busy"}};
    const struct plugin *plugin = detect->chosen->candidate->spec.plugin;
    uint32_t lacking = 0;
    for (uint32_t i = 0; i < n; i++)
        lacking |= groups[i].metrics & ~plugin->queue.metrics & ~detect->chosen->told;
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        if ((lacking & DYN_BIT(told[i].metric)) == 0)
            continue;
        char *text = memory_format("%s cannot tell %s: what goes by it can never count",
                                   plugin->table.name, told[i].name);
        detect->host->log(detect->host, DYN_WARN, text);
        free(text);
    }
    detect->chosen->told |= lacking;
}

static int32_t detect_measure(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n)
{
    struct detect *detect = self;
    const struct detect_candidate *candidate;
    int32_t code = find(detect, call, &candidate);
    if (code != DYN_OK)
        return code;
    tell_lacking(detect, groups, n);
    return detect->chosen->plugin->queue.measure(detect->chosen->self, call, groups, n);
}

static int32_t detect_watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                            uint32_t n, int32_t *fd)
{
    const struct detect *detect = self;
    *fd = -1;
    if (detect->chosen == NULL)
        return DYN_OK; /* the next measure finds it */
    const struct dyn_queue *queue = &detect->chosen->plugin->queue;
    return DYN_HAS(queue, watch) ? queue->watch(detect->chosen->self, call, groups, n, fd) : DYN_OK;
}

static int32_t detect_workers(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n)
{
    struct detect *detect = self;
    const struct detect_candidate *candidate;
    int32_t code = find(detect, call, &candidate);
    if (code != DYN_OK)
        return code;
    const struct plugin *plugin = detect->chosen->plugin;
    const struct dyn_queue *queue = &plugin->queue;
    if (DYN_HAS(queue, workers))
        return queue->workers(detect->chosen->self, call, groups, n);
    return dyn_failf(detect->host, DYN_BROKEN, "%s cannot tell who is busy", plugin->table.name);
}

static int32_t detect_advise(void *self, const struct dyn_call *call, int32_t topic)
{
    struct detect *detect = self;
    const struct detect_candidate *candidate;
    int32_t code = find(detect, call, &candidate);
    if (code != DYN_OK)
        return code;
    const struct dyn_queue *queue = &detect->chosen->plugin->queue;
    return DYN_HAS(queue, advise) ? queue->advise(detect->chosen->self, call, topic) : DYN_OK;
}

const struct plugin detect_plugin = {
    .table =
        {
            .size = sizeof(struct dyn_plugin),
            .abi = DYN_ABI,
            .name = "queue", /* what its lines in the log begin with */
            .version = "",
            .summary = "stands in for an adapter that is not known yet",
            .config_size = sizeof(struct detect_options),
            .open = detect_open,
            .close = detect_close,
            .queue = &detect_plugin.queue,
        },
    .queue =
        {
            .size = sizeof(struct dyn_queue),
            .metrics = UINT32_MAX,
            .measure = detect_measure,
            .watch = detect_watch,
            .workers = detect_workers,
            .advise = detect_advise,
        },
};

/* ---- For those who look on ---- */

struct detect_options detect_options_of(const struct instance_spec *spec)
{
    if (spec->plugin != &detect_plugin)
        return (struct detect_options){NULL, 0};
    return *(const struct detect_options *)spec->options;
}

const char *detect_adapter(const struct instance_spec *spec)
{
    struct detect_options options = detect_options_of(spec);
    for (size_t i = 0; i < options.n; i++)
        if (options.candidates[i].is_chosen)
            return options.candidates[i].spec.plugin->table.name;
    return spec->name;
}

bool detect_names_busy(const struct instance_spec *spec)
{
    struct detect_options options = detect_options_of(spec);
    for (size_t i = 0; i < options.n; i++)
        if (!DYN_HAS(&options.candidates[i].spec.plugin->queue, workers))
            return false;
    return true;
}

const char *detect_place(const struct detect_candidate *candidate)
{
    return candidate->variable != NULL ? candidate->variable : "the file's url";
}
