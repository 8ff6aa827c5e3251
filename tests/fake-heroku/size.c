/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/size.h"

#include "core/text.h"
#include "tests/fake-heroku/digest.h"

#include <string.h>
#include <strings.h>

static const struct size sizes[] = {
    {"Eco", "eco", FAMILY_ECO, 0.5, 1, false, 5},
    {"Basic", "basic", FAMILY_BASIC, 0.5, 1, false, 7},
    {"Standard-1X", "production", FAMILY_COMMON, 0.5, 1, false, 25},
    {"Standard-2X", "production", FAMILY_COMMON, 1, 2, false, 50},
    {"Performance-M", "production", FAMILY_COMMON, 2.5, 12, true, 250},
    {"Performance-L", "production", FAMILY_COMMON, 14, 50, true, 500},
    {"Performance-L-RAM", "production", FAMILY_COMMON, 30, 24, true, 500},
    {"Performance-XL", "production", FAMILY_COMMON, 62, 50, true, 750},
    {"Performance-2XL", "production", FAMILY_COMMON, 126, 100, true, 1500},
    {"Private-S", "private", FAMILY_PRIVATE, 1, 12, true, 225},
    {"Private-M", "private", FAMILY_PRIVATE, 2.5, 25, true, 450},
    {"Private-L", "private", FAMILY_PRIVATE, 14, 50, true, 900},
    {"Private-L-RAM", "private", FAMILY_PRIVATE, 30, 24, true, 500},
    {"Private-XL", "private", FAMILY_PRIVATE, 62, 50, true, 750},
    {"Private-2XL", "private", FAMILY_PRIVATE, 126, 100, true, 1500},
    {"dyno-1c-0.5gb", "fir", FAMILY_FIR, 0.5, 1, false, 25},
    {"dyno-2c-1gb", "fir", FAMILY_FIR, 1, 2, false, 50},
    {"dyno-1c-4gb", "fir", FAMILY_FIR, 4, 1, false, 80},
    {"dyno-2c-4gb", "fir", FAMILY_FIR, 4, 2, false, 150},
    {"dyno-4c-8gb", "fir", FAMILY_FIR, 8, 4, false, 300},
};

enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

size_t size_count(void)
{
    return N_SIZES;
}

const struct size *size_at(size_t i)
{
    return &sizes[i];
}

const struct size *size_find(const char *name_or_id)
{
    for (size_t i = 0; i < N_SIZES; i++) {
        char id[UUID_SIZE];
        uuid_of("size", sizes[i].name, id);
        if (strcasecmp(sizes[i].name, name_or_id) == 0 || strcmp(id, name_or_id) == 0)
            return &sizes[i];
    }
    return NULL;
}

const struct size *size_of_tier(const char *tier)
{
    /* Shield's sizes are called Private-* by the API. */
    const char *name = strcasecmp(tier, "shield") == 0     ? "private"
                       : strcasecmp(tier, "standard") == 0 ? "production"
                                                           : tier;
    for (size_t i = 0; i < N_SIZES; i++)
        if (strcasecmp(sizes[i].tier, name) == 0)
            return &sizes[i];
    return NULL;
}

char *size_names(void)
{
    struct text names = {0};
    for (size_t i = 0; i < N_SIZES; i++)
        text_add_format(&names, "%s%s", i > 0 ? ", " : "", sizes[i].name);
    return text_take(&names);
}

const char *size_tiers(void)
{
    return "eco, basic, production, private, shield, fir";
}
