/* SPDX-License-Identifier: MIT
 * What an isolated plugin is asked: options, and the elements of calls, into a message and out. */
#include "core/isolate_wire.h"

#include "core/memory.h"
#include "core/option_value.h"

#include <stdlib.h>

/* ---- Options ---- */

static void add_list(struct message *message, const struct dyn_list *list)
{
    message_add_number(message, (int64_t)list->n);
    for (size_t i = 0; i < list->n; i++)
        message_add_text(message, list->items[i]);
}

static void add_option(struct message *message, const struct dyn_option *row, const void *values)
{
    const void *member = option_member_of(row, values);
    message_add_number(message, row->type);
    switch (row->type) {
    case DYN_INTEGER:
    case DYN_DURATION:
        message_add_number(message, *(const int64_t *)member);
        break;
    case DYN_BOOLEAN:
    case DYN_CHOICE:
        message_add_number(message, *(const int32_t *)member);
        break;
    case DYN_LIST:
        add_list(message, member);
        break;
    default:
        message_add_text(message, *(const char *const *)member);
        break;
    }
}

void isolate_add_options(struct message *message, struct option_table table, const void *values)
{
    message_add_number(message, (int64_t)table.n);
    for (size_t i = 0; i < table.n; i++)
        add_option(message, &table.rows[i], values);
}

static char *take_copy(struct message *message)
{
    const char *text = message_text(message);
    return text != NULL ? memory_copy(text) : NULL;
}

static struct dyn_list take_list(struct message *message)
{
    uint32_t n = message_count(message);
    if (n == 0)
        return (struct dyn_list){NULL, 0};
    const char **items = memory_new(n, sizeof *items);
    for (uint32_t i = 0; i < n; i++)
        items[i] = take_copy(message);
    return (struct dyn_list){items, n};
}

static void take_option(struct message *message, const struct dyn_option *row, void *values)
{
    void *member = option_member(row, values);
    if (message_number(message) != row->type) {
        message->is_bad = true;
        return;
    }
    switch (row->type) {
    case DYN_INTEGER:
    case DYN_DURATION:
        *(int64_t *)member = message_number(message);
        break;
    case DYN_BOOLEAN:
    case DYN_CHOICE:
        *(int32_t *)member = message_int(message);
        break;
    case DYN_LIST:
        *(struct dyn_list *)member = take_list(message);
        break;
    default:
        *(char **)member = take_copy(message);
        break;
    }
}

void isolate_take_options(struct message *message, struct option_table table, void *values)
{
    option_init(table, values);
    if (message_count(message) != table.n)
        message->is_bad = true;
    for (size_t i = 0; i < table.n && !message->is_bad; i++)
        take_option(message, &table.rows[i], values);
}

/* ---- Elements ---- */

void isolate_add_texts(struct message *message, const char *const *texts, uint32_t n)
{
    message_add_number(message, n);
    for (uint32_t i = 0; i < n; i++)
        message_add_text(message, texts[i]);
}

void isolate_add_groups(struct message *message, const struct dyn_group *groups, uint32_t n)
{
    message_add_number(message, n);
    for (uint32_t i = 0; i < n; i++) {
        message_add_number(message, groups[i].cap);
        message_add_number(message, groups[i].metrics);
        message_add_text(message, groups[i].name);
        isolate_add_texts(message, groups[i].queues, groups[i].n_queues);
    }
}

void isolate_add_changes(struct message *message, const struct dyn_change *changes, uint32_t n)
{
    message_add_number(message, n);
    for (uint32_t i = 0; i < n; i++) {
        message_add_number(message, changes[i].size);
        message_add_text(message, changes[i].name);
        isolate_add_texts(message, changes[i].keep, changes[i].n_keep);
    }
}

/* A list of texts, NULL if it is empty. There is room for all, see isolate_take_elements(). */
static const char *const *take_texts(struct message *message, struct isolate_elements *elements,
                                     uint32_t *n)
{
    const char **texts = elements->texts + elements->n_texts;
    *n = message_count(message);
    for (uint32_t i = 0; i < *n && !message->is_bad; i++)
        elements->texts[elements->n_texts++] = message_text(message);
    return *n > 0 ? texts : NULL;
}

static void take_groups(struct message *message, struct isolate_elements *elements)
{
    elements->n = message_count(message);
    elements->groups = memory_new(elements->n, sizeof *elements->groups);
    for (uint32_t i = 0; i < elements->n && !message->is_bad; i++) {
        struct dyn_group *group = &elements->groups[i];
        group->cap = message_number(message);
        group->metrics = (uint32_t)message_number(message);
        group->name = message_text(message);
        group->queues = take_texts(message, elements, &group->n_queues);
    }
}

static void take_changes(struct message *message, struct isolate_elements *elements)
{
    elements->n = message_count(message);
    elements->changes = memory_new(elements->n, sizeof *elements->changes);
    for (uint32_t i = 0; i < elements->n && !message->is_bad; i++) {
        struct dyn_change *change = &elements->changes[i];
        change->size = message_int(message);
        change->name = message_text(message);
        change->keep = take_texts(message, elements, &change->n_keep);
    }
}

void isolate_take_elements(struct message *message, enum isolate_ask ask,
                           struct isolate_elements *elements)
{
    *elements = (struct isolate_elements){0};
    /* A text takes at least the number that is its length. */
    elements->texts = memory_new(message->bytes.length / sizeof(int64_t), sizeof *elements->texts);
    if (ask == ASK_MEASURE || ask == ASK_WATCH || ask == ASK_WORKERS)
        take_groups(message, elements);
    else if (ask == ASK_APPLY)
        take_changes(message, elements);
    else if (ask == ASK_READ)
        take_texts(message, elements, &elements->n);
}

void isolate_elements_fini(struct isolate_elements *elements)
{
    free(elements->groups);
    free(elements->changes);
    free(elements->texts);
}
