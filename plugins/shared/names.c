/* SPDX-License-Identifier: MIT */
#include "shared/names.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t hash_of(const char *text)
{
    size_t hash = 2166136261u; /* FNV-1a */
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash ^ hash >> 15;
}

/* The slot of a text, or the free one where it belongs; n_slots is a power of two. */
static size_t slot_of(const struct names *names, const char *text)
{
    size_t slot = hash_of(text) & (names->n_slots - 1);
    while (names->slots[slot] != 0 && strcmp(names_at(names, names->slots[slot] - 1), text) != 0)
        slot = (slot + 1) & (names->n_slots - 1);
    return slot;
}

/* Keeps at least half of the slots free. */
static bool make_slots(struct names *names)
{
    if (names->n_slots > names->n * 2)
        return true;
    size_t n_slots = names->n_slots > 0 ? names->n_slots * 4 : 64;
    size_t *slots = calloc(n_slots, sizeof *slots);
    if (slots == NULL)
        return false;
    free(names->slots);
    names->slots = slots;
    names->n_slots = n_slots;
    for (size_t i = 0; i < names->n; i++)
        names->slots[slot_of(names, names_at(names, i))] = i + 1;
    return true;
}

/* Room for `n` more elements. */
static bool make_room(void **array, size_t used, size_t n, size_t size, size_t *room)
{
    if (*room - used >= n)
        return true;
    void *more = realloc(*array, (used + n) * 2 * size);
    if (more == NULL)
        return false;
    *array = more;
    *room = (used + n) * 2;
    return true;
}

size_t names_add(struct names *names, const char *text)
{
    size_t length = strlen(text) + 1;
    void *chars = names->chars;
    void *starts = names->starts;
    bool has_room =
        make_slots(names) && make_room(&chars, names->length, length, 1, &names->chars_room);
    names->chars = chars;
    has_room = has_room && make_room(&starts, names->n, 1, sizeof(size_t), &names->starts_room);
    names->starts = starts;
    if (!has_room)
        return NAMES_NONE;
    size_t slot = slot_of(names, text);
    if (names->slots[slot] != 0)
        return names->slots[slot] - 1;
    memcpy(names->chars + names->length, text, length);
    names->starts[names->n] = names->length;
    names->length += length;
    names->slots[slot] = ++names->n;
    return names->n - 1;
}

size_t names_find(const struct names *names, const char *text)
{
    size_t number = names->n > 0 ? names->slots[slot_of(names, text)] : 0;
    return number > 0 ? number - 1 : NAMES_NONE;
}

const char *names_at(const struct names *names, size_t number)
{
    return names->chars + names->starts[number];
}

void names_fini(struct names *names)
{
    free(names->chars);
    free(names->starts);
    free(names->slots);
    *names = (struct names){0};
}
