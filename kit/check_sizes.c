/* SPDX-License-Identifier: MIT
 * Setting sizes, at a platform where that is allowed: of the pools that --name gives. Each check
 * puts the first one back to the size that it had. */
#include "kit/check.h"

#include "core/memory.h"
#include "kit/host.h"
#include "kit/trial.h"

#include <inttypes.h>
#include <stdlib.h>

/* The pool whose size is set. */
struct pool {
    struct host *host;
    const char *name;
    int32_t before; /* its size at first */
    int32_t most;   /* that it can have, as far as is known */
};

static int64_t size_of(const struct host *host, uint32_t i)
{
    struct value size = host->told[i].values[DYN_SIZE];
    return size.doubt == KNOWN_EXACT ? size.number : -1;
}

static int32_t limit_of(const struct host *host, const char *name)
{
    const struct dyn_scaler *scaler = &host->plugin->scaler;
    int32_t limit = DYN_HAS(scaler, limit) ? scaler->limit(host->self, name) : -1;
    return limit < 0 ? INT32_MAX : limit;
}

static struct pool find_pool(const struct subject *subject)
{
    if (subject->n_names == 0)
        trial_skip("no size may be set: give a pool with --name");
    struct pool pool = {.host = host_opened(subject), .name = subject->names[0]};
    host_ask(pool.host, READ, &pool.name, 1);
    pool.before = (int32_t)size_of(pool.host, 0);
    if (pool.before < 0)
        trial_skip("the platform does not tell the size of \"%s\"", pool.name);
    pool.most = limit_of(pool.host, pool.name);
    return pool;
}

static int32_t apply(const struct pool *pool, const struct dyn_change *changes, uint32_t n)
{
    return host_call_with(pool->host, APPLY, changes, n, HOST_TIMEOUT_MS);
}

/* Sets a size that must be accepted; what it then is. */
static int64_t set(const struct pool *pool, int32_t size)
{
    struct dyn_change change = {.name = pool->name, .size = size};
    if (apply(pool, &change, 1) != DYN_OK)
        trial_fail("\"%s\" cannot be set to %" PRId32 ": %s", pool->name, size,
                   pool->host->failure);
    return size_of(pool->host, 0);
}

static int64_t get(const struct pool *pool)
{
    host_ask(pool->host, READ, &pool->name, 1);
    return size_of(pool->host, 0);
}

static void put_back(const struct pool *pool)
{
    if (set(pool, pool->before) != pool->before)
        trial_fail("\"%s\" could not be put back to %" PRId32, pool->name, pool->before);
}

/* A size that differs from the one it has. */
static int32_t another(const struct pool *pool)
{
    return pool->before < pool->most ? pool->before + 1 : pool->before - 1;
}

void check_read_after_apply(const struct subject *subject)
{
    struct pool pool = find_pool(subject);
    int32_t wanted = another(&pool);
    int64_t accepted = set(&pool, wanted);
    int64_t read = get(&pool);
    struct pool fresh = {.host = host_opened(subject), .name = pool.name};
    int64_t read_by_another = get(&fresh);
    put_back(&pool);
    if (accepted != wanted)
        trial_fail("apply() was asked for %" PRId32 " and put %" PRId64, wanted, accepted);
    if (read != accepted || read_by_another != accepted)
        trial_fail("apply() put %" PRId64 ", and then read() put %" PRId64, accepted,
                   read != accepted ? read : read_by_another);
}

void check_repeatable(const struct subject *subject)
{
    struct pool pool = find_pool(subject);
    int32_t wanted = another(&pool);
    int64_t first = set(&pool, wanted);
    int64_t second = set(&pool, wanted);
    int64_t read = get(&pool);
    put_back(&pool);
    if (first != second || read != second)
        trial_fail("apply() of %" PRId32 " put %" PRId64 ", repeated it put %" PRId64
                   ", and the size is %" PRId64,
                   wanted, first, second, read);
}

void check_held_back(const struct subject *subject)
{
    struct pool pool = find_pool(subject);
    char *usual = memory_format("%s.1", pool.name);
    const char *keep = subject->keep != NULL ? subject->keep : usual;
    int64_t all = set(&pool, pool.most < 2 ? pool.most : 2);
    struct dyn_change change = {.name = pool.name, .keep = &keep, .n_keep = 1, .size = 0};
    int32_t code = apply(&pool, &change, 1);
    int64_t accepted = code == DYN_OK ? size_of(pool.host, 0) : -1;
    int64_t read = get(&pool);
    put_back(&pool);
    if (code != DYN_OK)
        trial_fail("it fails when %s must not be stopped", keep);
    if (accepted == 0 || read == 0)
        trial_fail("%s must not be stopped, and of %" PRId64 " workers none was left", keep, all);
    if (accepted != read)
        trial_fail("apply() put %" PRId64 ", and then read() put %" PRId64, accepted, read);
    free(usual);
}

/* One that the platform has, and one that it has not. A back-end may be told by its options what
 * its only pool is. */
void check_partial(const struct subject *subject)
{
    struct pool pool = find_pool(subject);
    int32_t wanted = another(&pool);
    const char *names[] = {"no-such-pool", pool.name};
    if (host_call_with(pool.host, READ, names, 2, HOST_TIMEOUT_MS) != DYN_OK)
        trial_skip("with these options it serves one pool: %s", pool.host->failure);
    struct dyn_change changes[2] = {{.name = "no-such-pool", .size = 1},
                                    {.name = pool.name, .size = wanted}};
    int32_t code = apply(&pool, changes, 2);
    int64_t accepted = code == DYN_OK ? size_of(pool.host, 1) : -1;
    bool is_refused = code == DYN_OK && size_of(pool.host, 0) < 0 && pool.host->told[0].is_unknown;
    int64_t read = get(&pool);
    put_back(&pool);
    if (code != DYN_OK)
        trial_fail("a pool that the platform does not have fails the call, and with it the others");
    if (!is_refused)
        trial_fail("a pool that the platform does not have was not told by unknown()");
    if (accepted != wanted || read != wanted)
        trial_fail("beside a pool that the platform does not have, \"%s\" was not set", pool.name);
}
