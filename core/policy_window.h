/* SPDX-License-Identifier: MIT
 * The greatest, or the least, of the sizes that were wanted lately. */
#ifndef CORE_POLICY_WINDOW_H
#define CORE_POLICY_WINDOW_H

#include "core/policy.h"

/* Notes that `size` is wanted from now on. Returns the greatest (least) size that was wanted at any
 * time in the after_ms before now; with 0 that is `size`. */
int32_t window_greatest(struct window *window, int32_t size, int64_t after_ms, int64_t now_ms);
int32_t window_least(struct window *window, int32_t size, int64_t after_ms, int64_t now_ms);

#endif
