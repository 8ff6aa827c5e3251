/* SPDX-License-Identifier: MIT
 * Which of the candidates is taken, once each was asked. Pure. */
#include "core/detect.h"

#include <string.h>

enum { SURE_PERCENT = 90 };

/* ---- Two doors of one store ---- */

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t n = strlen(end);
    return length >= n && memcmp(text + length - n, end, n) == 0;
}

/* How much of a variable's name says which store: "REDIS" of REDIS_URL and of REDIS_TLS_URL. */
static size_t stem_of(const char *variable)
{
    size_t length = strlen(variable);
    if (ends_with(variable, length, "_URL"))
        length -= strlen("_URL");
    return ends_with(variable, length, "_TLS") ? length - strlen("_TLS") : length;
}

static bool is_encrypted(const struct detect_candidate *candidate)
{
    const char *variable = candidate->variable;
    return variable != NULL && ends_with(variable, strlen(variable), "_TLS_URL");
}

static bool are_doors_of_one(const struct detect_candidate *a, const struct detect_candidate *b)
{
    if (a->spec.plugin != b->spec.plugin || a->variable == NULL || b->variable == NULL)
        return false;
    size_t stem = stem_of(a->variable);
    return stem == stem_of(b->variable) && memcmp(a->variable, b->variable, stem) == 0;
}

/* What says more about a store goes before; of two doors that open, the encrypted one. */
static int rank_of(const struct detect_candidate *candidate)
{
    switch (candidate->state) {
    case DETECT_FOUND:
        return is_encrypted(candidate) ? 4 : 3;
    case DETECT_NO:
        return 2;
    case DETECT_UNASKED:
    case DETECT_FAILED:
        return 1;
    case DETECT_REFUSED:
        break;
    }
    return 0;
}

/* Whether another door of the same store makes this one of no interest. */
static bool is_covered(const struct detect_candidate *candidates, size_t n, size_t i)
{
    for (size_t k = 0; k < n; k++) {
        int more = rank_of(&candidates[k]) - rank_of(&candidates[i]);
        if (k != i && (more > 0 || (more == 0 && k < i)) &&
            are_doors_of_one(&candidates[k], &candidates[i]))
            return true;
    }
    return false;
}

/* ---- Telling ---- */

static bool is_at_same_place(const struct detect_candidate *a, const struct detect_candidate *b)
{
    return strcmp(detect_place(a), detect_place(b)) == 0;
}

const char *detect_text(const struct detect_candidate *candidate)
{
    return candidate->text != NULL ? candidate->text : "not asked, for lack of time";
}

static bool reads_the_same(const struct detect_candidate *a, const struct detect_candidate *b)
{
    return a->state == b->state && is_at_same_place(a, b) &&
           strcmp(detect_text(a), detect_text(b)) == 0;
}

static bool is_repeated(const struct detect_candidate *candidates, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (reads_the_same(&candidates[k], &candidates[i]))
            return true;
    return false;
}

/* "resque, sidekiq at REDIS_URL: cannot connect", where both say the same. */
static void add_reason(const struct detect_candidate *candidates, size_t n, size_t i,
                       struct text *out)
{
    const struct detect_candidate *candidate = &candidates[i];
    if (out->length > 0)
        text_add(out, "; ");
    text_add(out, candidate->spec.plugin->table.name);
    for (size_t k = i + 1; k < n; k++)
        if (reads_the_same(candidate, &candidates[k]))
            text_add_format(out, ", %s", candidates[k].spec.plugin->table.name);
    text_add_format(out, " at %s", detect_place(candidate));
    if (candidate->state == DETECT_FOUND)
        text_add_format(out, " (%d %% sure)", candidate->percent);
    text_add_format(out, ": %s", detect_text(candidate));
}

bool detect_is_told(const struct detect_candidate *candidates, size_t n, size_t i)
{
    if (candidates[i].state != DETECT_REFUSED)
        return true;
    for (size_t k = 0; k < n; k++)
        if (candidates[k].state != DETECT_REFUSED &&
            is_at_same_place(&candidates[k], &candidates[i]))
            return false;
    return true;
}

static void add_reasons(const struct detect_candidate *candidates, size_t n,
                        enum detect_state state, struct text *out)
{
    for (size_t i = 0; i < n; i++)
        if (candidates[i].state == state && !is_covered(candidates, n, i) &&
            !is_repeated(candidates, i) && detect_is_told(candidates, n, i))
            add_reason(candidates, n, i, out);
}

void detect_add_keys(const struct detect_candidate *candidate, struct text *out)
{
    text_add_format(out, "adapter: %s", candidate->spec.plugin->table.name);
    if (candidate->variable != NULL)
        text_add_format(out, ", url: \"${%s}\"", candidate->variable);
}

size_t detect_add_lines(const struct detect_candidate *candidates, size_t n, const char *between,
                        struct text *out)
{
    size_t n_lines = 0;
    for (size_t i = 0; i < n; i++) {
        if (candidates[i].state != DETECT_FOUND || is_covered(candidates, n, i))
            continue;
        text_add_format(out, "%squeue: { ", n_lines++ > 0 ? between : "");
        detect_add_keys(&candidates[i], out);
        text_add(out, candidates[i].variable != NULL ? " }" : ", ... }");
    }
    return n_lines;
}

void detect_add_candidates(const struct detect_options *options, struct text *out)
{
    const struct detect_candidate *last = NULL;
    for (size_t i = 0; i < options->n; i++) {
        const struct detect_candidate *candidate = &options->candidates[i];
        if (candidate->state == DETECT_REFUSED)
            continue;
        if (last != NULL && is_at_same_place(candidate, last))
            text_add(out, ", ");
        else
            text_add_format(out, "%s%s (", last != NULL ? "), " : "", detect_place(candidate));
        text_add(out, candidate->spec.plugin->table.name);
        last = candidate;
    }
    text_add(out, last != NULL ? ")" : "");
}

/* ---- Choosing ---- */

struct count {
    size_t found;
    size_t unasked;
    bool may_pass; /* one of those that could not be asked may answer by itself */
    struct detect_candidate *best;
};

static struct count count_all(struct detect_candidate *candidates, size_t n)
{
    struct count count = {0};
    for (size_t i = 0; i < n; i++) {
        struct detect_candidate *candidate = &candidates[i];
        candidate->is_chosen = false;
        if (is_covered(candidates, n, i))
            continue;
        if (candidate->state == DETECT_FOUND) {
            count.found++;
            count.best = candidate;
        } else if (candidate->state == DETECT_FAILED || candidate->state == DETECT_UNASKED) {
            count.unasked++;
            count.may_pass |= candidate->state == DETECT_UNASKED || candidate->code != DYN_BROKEN;
        }
    }
    return count;
}

/* A store that could not be asked may be the one, or one more. */
static int32_t explain_unasked(const struct detect_candidate *candidates, size_t n,
                               const struct count *count, struct text *why)
{
    struct text failed = {0};
    struct text found = {0};
    add_reasons(candidates, n, DETECT_FAILED, &failed);
    add_reasons(candidates, n, DETECT_UNASKED, &failed);
    add_reasons(candidates, n, DETECT_FOUND, &found);
    text_add_format(why, "the adapter cannot be detected: not every store could be asked: %s",
                    text_chars(&failed));
    if (count->found > 0) {
        text_add_format(why, "; found so far: %s; if that is it, write ", text_chars(&found));
        detect_add_lines(candidates, n, " or ", why);
    } else {
        text_add(why, "; or name the adapter: queue: { adapter: NAME, ... }");
    }
    text_fini(&failed);
    text_fini(&found);
    return count->may_pass ? DYN_RETRY : DYN_BROKEN;
}

static void explain_nothing(const struct detect_candidate *candidates, size_t n, struct text *why)
{
    struct text reasons = {0};
    add_reasons(candidates, n, DETECT_NO, &reasons);
    add_reasons(candidates, n, DETECT_REFUSED, &reasons);
    text_add_format(why,
                    "no installed adapter knows its store: %s; name the adapter: queue: { adapter: "
                    "NAME, ... }",
                    text_chars(&reasons));
    text_fini(&reasons);
}

static void explain_choice(const struct detect_candidate *candidates, size_t n, size_t n_found,
                           struct text *why)
{
    struct text found = {0};
    add_reasons(candidates, n, DETECT_FOUND, &found);
    text_add_format(why, "%s: %s; write ",
                    n_found > 1 ? "several adapters know a store, so the file must choose"
                                : "one adapter knows its store and is not sure",
                    text_chars(&found));
    detect_add_lines(candidates, n, " or ", why);
    text_fini(&found);
}

int32_t detect_choose(struct detect_candidate *candidates, size_t n, struct text *why)
{
    struct count count = count_all(candidates, n);
    if (count.unasked > 0)
        return explain_unasked(candidates, n, &count, why);
    if (count.found == 1 && count.best->percent >= SURE_PERCENT) {
        count.best->is_chosen = true;
        return DYN_OK;
    }
    if (count.found == 0)
        explain_nothing(candidates, n, why);
    else
        explain_choice(candidates, n, count.found, why);
    return DYN_BROKEN;
}
