/* SPDX-License-Identifier: MIT
 * Which candidate is taken, and how the instance that stands in behaves while none is: the adapters
 * here say what they are told to. */
#include "core/clock.h"
#include "core/detect.h"
#include "core/instance.h"
#include "core/memory.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

/* ---- Adapters ---- */

/* The options of one: what it says, and how it was treated. */
struct store {
    int32_t code; /* of detect() */
    int32_t percent;
    const char *text;
    bool refuses; /* to open */
    const struct dyn_host *host;
    int opened;
    int closed;
    int detected;
    int measured;
    int64_t share_ms;
};

static int32_t store_open(const struct dyn_host *host, const void *config, void **self)
{
    struct store *store = *(struct store *const *)config;
    store->host = host;
    if (store->refuses)
        return host->fail(host, DYN_BROKEN, store->text);
    store->opened++;
    *self = store;
    return DYN_OK;
}

static void store_close(void *self)
{
    struct store *store = self;
    store->closed++;
}

static int32_t store_detect(void *self, const struct dyn_call *call)
{
    struct store *store = self;
    store->detected++;
    store->share_ms = call->deadline_ns / 1000000 - clock_now_ms();
    if (store->code != DYN_OK)
        return store->host->fail(store->host, store->code, store->text);
    if (store->percent > 0)
        store->host->found(store->host, store->percent, store->text);
    return DYN_OK;
}

static int32_t store_measure(void *self, const struct dyn_call *call,
                             const struct dyn_group *groups, uint32_t n)
{
    struct store *store = self;
    (void)call, (void)groups;
    store->measured++;
    for (uint32_t i = 0; i < n; i++)
        store->host->put(store->host, i, DYN_WAITING, 7, 0);
    return n == 99 ? store->host->fail(store->host, DYN_BROKEN, "it is too much") : DYN_OK;
}

static int32_t store_workers(void *self, const struct dyn_call *call,
                             const struct dyn_group *groups, uint32_t n)
{
    const struct store *store = self;
    const struct dyn_worker worker = {.host = "worker.1", .n_jobs = 1};
    (void)call, (void)groups;
    for (uint32_t i = 0; i < n; i++)
        store->host->put_worker(store->host, i, &worker);
    return DYN_OK;
}

#define ADAPTER(its_name, its_workers)                                         \
    {                                                                          \
        .table = {.name = its_name, .open = store_open, .close = store_close}, \
        .queue = {.size = sizeof(struct dyn_queue),                            \
                  .metrics = DYN_BIT(DYN_WAITING),                             \
                  .measure = store_measure,                                    \
                  .detect = store_detect,                                      \
                  .workers = its_workers},                                     \
    }

static const struct plugin red = ADAPTER("red", store_workers);
static const struct plugin blue = ADAPTER("blue", NULL);

/* ---- Candidates ---- */

enum { MOST = 6 };

/* Candidates with their stores; {0} is none. */
struct stage {
    struct store stores[MOST];
    struct store *options[MOST];
    struct detect_candidate candidates[MOST];
    struct detect_options detection;
    struct instance_spec spec;
    struct text why;
};

static struct store *add(struct stage *stage, const struct plugin *plugin, const char *variable,
                         struct store store)
{
    size_t i = stage->detection.n++;
    stage->stores[i] = store;
    stage->options[i] = &stage->stores[i];
    stage->candidates[i] = (struct detect_candidate){
        .spec = {.plugin = plugin, .options = &stage->options[i]},
        .variable = variable != NULL ? memory_copy(variable) : NULL,
    };
    stage->detection.candidates = stage->candidates;
    return &stage->stores[i];
}

static struct store found(int32_t percent)
{
    return (struct store){.percent = percent, .text = "its table"};
}

static struct store fails(int32_t code, const char *text)
{
    return (struct store){.code = code, .text = text};
}

static struct instance *open_stage(struct stage *stage)
{
    struct error error = {""};
    char name[] = "queue";
    stage->spec = (struct instance_spec){.plugin = &detect_plugin,
                                         .name = memory_copy(name),
                                         .options = &stage->detection,
                                         .timeout_ms = 1000};
    struct instance *instance = instance_open(&stage->spec, &error);
    text_add(&stage->why, error.text);
    return instance;
}

static int32_t measure(struct stage *stage, struct instance *instance, size_t n)
{
    struct dyn_group groups[99] = {{.name = "worker", .metrics = DYN_BIT(DYN_WAITING)}};
    instance_prepare_measure(instance, groups, n);
    instance_run(instance, clock_now_ms() + 1000);
    text_clear(&stage->why);
    text_add(&stage->why, instance_failure(instance));
    return instance_code(instance);
}

static void end(struct stage *stage, struct instance *instance)
{
    instance_close(instance);
    for (size_t i = 0; i < stage->detection.n; i++) {
        CHECK_INT(stage->stores[i].closed, stage->stores[i].opened);
        free(stage->candidates[i].variable);
        free(stage->candidates[i].text);
    }
    free(stage->spec.name);
    text_fini(&stage->why);
}

/* Opens, asks once, and ends; `why` has the failure. */
static int32_t detect(struct stage *stage, char *why, size_t room)
{
    struct instance *instance = open_stage(stage);
    int32_t code = instance != NULL ? measure(stage, instance, 1) : -1;
    snprintf(why, room, "%s", text_chars(&stage->why));
    CHECK_TEXT(detect_adapter(&stage->spec), code == DYN_OK ? "red" : "queue");
    end(stage, instance);
    return code;
}

/* ---- Which one ---- */

static void the_only_sure_one_is_taken(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "REDIS_URL", found(90));
    add(&stage, &blue, "REDIS_URL", fails(DYN_NO, "none of mine"));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_OK);
    CHECK_INT(stage.stores[0].measured, 1);
    CHECK_INT(stage.stores[1].measured, 0);
}

static void one_that_is_not_sure_is_told_only(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "REDIS_URL", found(89));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_BROKEN);
    CHECK_TEXT(why,
               "one adapter knows its store and is not sure: red at REDIS_URL (89 % sure): its "
               "table; write queue: { adapter: red, url: \"${REDIS_URL}\" }");
}

static void of_several_the_file_must_choose(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, NULL, found(100));
    add(&stage, &blue, "DATABASE_URL", found(1));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_BROKEN);
    CHECK_TEXT(why, "several adapters know a store, so the file must choose: red at the file's url "
                    "(100 % sure): its table; blue at DATABASE_URL (1 % sure): its table; write "
                    "queue: { adapter: red, ... } or "
                    "queue: { adapter: blue, url: \"${DATABASE_URL}\" }");
}

static void one_adapter_at_two_stores_is_two(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "DATABASE_URL", found(95));
    add(&stage, &red, "HEROKU_POSTGRESQL_BLUE_URL", found(95));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_BROKEN);
    CHECK_HAS(why, "several");
}

static void a_store_that_cannot_be_asked_may_be_the_one(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "DATABASE_URL", found(95));
    add(&stage, &red, "REDIS_URL", fails(DYN_BROKEN, "refused"));
    add(&stage, &blue, "REDIS_URL", fails(DYN_BROKEN, "refused"));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_BROKEN);
    CHECK_TEXT(why, "the adapter cannot be detected: not every store could be asked: red, blue at "
                    "REDIS_URL: refused; found so far: red at DATABASE_URL (95 % sure): its table; "
                    "if that is it, write queue: { adapter: red, url: \"${DATABASE_URL}\" }");
}

static void a_store_that_may_come_back_is_asked_again(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "DATABASE_URL", fails(DYN_RETRY, "down"));
    add(&stage, &blue, "REDIS_URL", fails(DYN_BROKEN, "refused"));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_RETRY);
    CHECK_HAS(why, "or name the adapter");
}

static void the_two_doors_of_a_store_are_one(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "REDIS_URL", found(95));
    add(&stage, &red, "REDIS_TLS_URL", found(95));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_OK);
    CHECK(stage.candidates[1].is_chosen); /* the encrypted one */
}

static void a_door_that_is_shut_is_no_matter_if_the_other_opens(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "REDIS_URL", found(95));
    add(&stage, &red, "REDIS_TLS_URL", fails(DYN_BROKEN, "self-signed"));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_OK);
    CHECK(stage.candidates[0].is_chosen);
}

static void nothing_is_told_with_what_each_says(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "REDIS_URL", fails(DYN_NO, "it is empty"));
    add(&stage, &blue, "REDIS_URL", (struct store){.refuses = true, .text = "scheme"});
    add(&stage, &blue, "DATABASE_URL", (struct store){.refuses = true, .text = "password"});
    CHECK_INT(detect(&stage, why, sizeof why), DYN_BROKEN);
    CHECK_TEXT(why, "no installed adapter knows its store: red at REDIS_URL: it is empty; blue at "
                    "DATABASE_URL: password; name the adapter: queue: { adapter: NAME, ... }");
}

static void nothing_to_ask_does_not_open(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "DATABASE_URL", (struct store){.refuses = true, .text = "scheme"});
    CHECK_INT(detect(&stage, why, sizeof why), -1);
    CHECK_HAS(why, "red at DATABASE_URL: scheme");
}

/* ---- The instance ---- */

static void what_is_found_stays(void)
{
    struct stage stage = {0};
    struct store *store = add(&stage, &red, "REDIS_URL", found(95));
    const struct store *other = add(&stage, &blue, "REDIS_URL", fails(DYN_NO, "no"));
    struct instance *instance = open_stage(&stage);
    CHECK_INT(measure(&stage, instance, 1), DYN_OK);
    struct value waiting = answer_value(instance_answer(instance, 0), DYN_WAITING);
    CHECK_INT(waiting.number, 7);
    CHECK_INT(waiting.doubt, KNOWN_EXACT);
    CHECK_INT(other->closed, 1); /* it keeps no connection */
    *store = (struct store){.host = store->host, .opened = 1, .code = DYN_RETRY, .text = "down"};
    CHECK_INT(measure(&stage, instance, 1), DYN_OK);
    CHECK_INT(store->detected, 0);
    CHECK_INT(measure(&stage, instance, 99), DYN_BROKEN);
    CHECK_TEXT(text_chars(&stage.why), "it is too much");
    end(&stage, instance);
}

static void a_store_is_found_once_it_is_up(void)
{
    struct stage stage = {0};
    struct store *store = add(&stage, &red, "REDIS_URL", fails(DYN_RETRY, "down"));
    struct instance *instance = open_stage(&stage);
    CHECK_INT(measure(&stage, instance, 1), DYN_RETRY);
    CHECK_INT(answer_value(instance_answer(instance, 0), DYN_WAITING).doubt, KNOWN_NOT);
    store->code = DYN_OK;
    store->percent = 95;
    store->text = "keys";
    CHECK_INT(measure(&stage, instance, 1), DYN_OK);
    CHECK_TEXT(stage.candidates[0].text, "keys");
    end(&stage, instance);
}

static void what_an_adapter_must_not_say_is_a_failure(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "REDIS_URL", found(0)); /* succeeds without having found */
    add(&stage, &blue, "DATABASE_URL", fails(17, "strange"));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_RETRY);
    CHECK_HAS(why, "red at REDIS_URL: it does not say why");
    CHECK_HAS(why, "blue at DATABASE_URL: strange");
}

static void evidence_is_one_clean_line(void)
{
    struct stage stage = {0};
    char why[2000];
    add(&stage, &red, "REDIS_URL",
        (struct store){.percent = 500, .text = "a\nb\x1b[2J \xff caf\xc3\xa9"});
    add(&stage, &blue, "REDIS_URL", found(1));
    CHECK_INT(detect(&stage, why, sizeof why), DYN_BROKEN);
    CHECK_HAS(why, "red at REDIS_URL (100 % sure): a?b?[2J ? caf\xc3\xa9;");
}

static void each_gets_a_share_of_the_time(void)
{
    struct stage stage = {0};
    add(&stage, &red, "REDIS_URL", found(95));
    add(&stage, &blue, "REDIS_URL", fails(DYN_NO, "no"));
    struct instance *instance = open_stage(&stage);
    measure(&stage, instance, 1);
    CHECK(stage.stores[0].share_ms <= 334); /* of 1000 ms, for two and the measure */
    CHECK(stage.stores[1].share_ms <= 500);
    end(&stage, instance);
}

static void busy_workers_are_named_if_all_can(void)
{
    struct stage stage = {0};
    struct dyn_group group = {.name = "worker"};
    size_t n;
    add(&stage, &red, "REDIS_URL", found(95));
    struct instance *instance = open_stage(&stage);
    CHECK(detect_names_busy(&stage.spec));
    instance_prepare_workers(instance, &group, 1);
    instance_run(instance, clock_now_ms() + 1000);
    CHECK_INT(instance_code(instance), DYN_OK);
    char **busy = instance_take_busy(instance, 0, &n);
    CHECK_INT(n, 1);
    CHECK_TEXT(n == 1 ? busy[0] : "", "worker.1");
    for (size_t i = 0; i < n; i++)
        free(busy[i]);
    free(busy);
    add(&stage, &blue, "REDIS_URL", fails(DYN_NO, "no"));
    CHECK(!detect_names_busy(&stage.spec)); /* it might have been this one */
    end(&stage, instance);
}

static void out_of_time_is_not_no(void)
{
    struct stage stage = {0};
    struct dyn_group group = {.name = "worker"};
    add(&stage, &red, "REDIS_URL", fails(DYN_NO, "no"));
    struct instance *instance = open_stage(&stage);
    instance_prepare_measure(instance, &group, 1);
    instance_run(instance, clock_now_ms() - 1);
    CHECK_INT(instance_code(instance), DYN_RETRY);
    CHECK_HAS(instance_failure(instance), "not asked, for lack of time");
    end(&stage, instance);
}

static const struct test tests[] = {
    {"the only sure one is taken", the_only_sure_one_is_taken},
    {"one that is not sure is told only", one_that_is_not_sure_is_told_only},
    {"of several the file must choose", of_several_the_file_must_choose},
    {"one adapter at two stores is two", one_adapter_at_two_stores_is_two},
    {"a store that cannot be asked may be the one", a_store_that_cannot_be_asked_may_be_the_one},
    {"a store that may come back is asked again", a_store_that_may_come_back_is_asked_again},
    {"the two doors of a store are one", the_two_doors_of_a_store_are_one},
    {"a door that is shut is no matter if the other opens",
     a_door_that_is_shut_is_no_matter_if_the_other_opens},
    {"nothing is told with what each says", nothing_is_told_with_what_each_says},
    {"nothing to ask does not open", nothing_to_ask_does_not_open},
    {"what is found stays", what_is_found_stays},
    {"a store is found once it is up", a_store_is_found_once_it_is_up},
    {"what an adapter must not say is a failure", what_an_adapter_must_not_say_is_a_failure},
    {"evidence is one clean line", evidence_is_one_clean_line},
    {"each gets a share of the time", each_gets_a_share_of_the_time},
    {"busy workers are named if all can", busy_workers_are_named_if_all_can},
    {"out of time is not no", out_of_time_is_not_no},
};
SUITE_MAIN("detect", tests)
