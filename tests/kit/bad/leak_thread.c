/* SPDX-License-Identifier: MIT
 * Fails: leaks
 * Each measure() leaves a thread behind. */
#include "good.h"

#include <pthread.h>

static void *wait_on(void *nothing)
{
    pause();
    return nothing;
}

static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                       uint32_t n)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, wait_on, NULL) == 0)
        pthread_detach(thread);
    return good_measure(self, call, groups, n);
}

#define MEASURE measure
#include "plugin.h"
