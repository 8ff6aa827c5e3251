/* SPDX-License-Identifier: MIT
 * The greater and the smaller of two sizes, and of two counts or times. */
#ifndef CORE_NUMBER_H
#define CORE_NUMBER_H

#include <stdint.h>

static inline int32_t greater(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
