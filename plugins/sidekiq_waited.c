/* SPDX-License-Identifier: MIT */
#include "sidekiq_waited.h"

#include <stdlib.h>
#include <string.h>

struct waited_group {
    char *name;
    int64_t at_ms;
};

static struct waited_group *find(const struct waited *waited, const char *name)
{
    for (size_t i = 0; i < waited->n; i++)
        if (strcmp(waited->groups[i].name, name) == 0)
            return &waited->groups[i];
    return NULL;
}

static struct waited_group *add(struct waited *waited, const char *name)
{
    struct waited_group *more = realloc(waited->groups, (waited->n + 1) * sizeof *more);
    char *copy = strdup(name);
    if (more != NULL)
        waited->groups = more;
    if (more == NULL || copy == NULL) {
        free(copy);
        return NULL;
    }
    more[waited->n].name = copy;
    return &more[waited->n++];
}

void waited_note(struct waited *waited, const char *group, int64_t now_ms)
{
    struct waited_group *found = find(waited, group);
    if (found == NULL)
        found = add(waited, group);
    if (found != NULL)
        found->at_ms = now_ms;
}

int64_t waited_at(const struct waited *waited, const char *group)
{
    const struct waited_group *found = find(waited, group);
    return found != NULL ? found->at_ms : 0;
}

void waited_fini(struct waited *waited)
{
    for (size_t i = 0; i < waited->n; i++)
        free(waited->groups[i].name);
    free(waited->groups);
    *waited = (struct waited){0};
}
