/* SPDX-License-Identifier: MIT
 * Fails: secrets
 * An option that is a secret is not marked. */
#include "good.h"

#define OPTION                                                     \
    {                                                              \
        "api_token", NULL, NULL, NULL, "lets in too", DYN_TEXT, 0, \
            offsetof(struct config, number), 0                     \
    }
#include "plugin.h"
