/* SPDX-License-Identifier: MIT
 * detect() of the adapters on Redis. Sidekiq and Resque share names of keys and push at opposite
 * ends, so that one taken for the other would count and yet be wrong: the keys that only one of
 * them has tell, and where there is none, the jobs themselves. */
#ifndef PLUGINS_SHARED_REDIS_DETECT_H
#define PLUGINS_SHARED_REDIS_DETECT_H

#include "shared/redis.h"

enum redis_library { REDIS_SIDEKIQ, REDIS_RESQUE };

/* Calls host->found(), or returns what host->fail() returned. `space` is the namespace of the keys,
 * NULL or "" for none. Two round trips where it finds the library there, at most twenty more where
 * it looks for another namespace; each is little work for the server. It only reads. */
int32_t redis_detect(const struct dyn_host *host, struct redis *redis, const struct dyn_call *call,
                     enum redis_library library, const char *space);

#endif
