/* SPDX-License-Identifier: MIT
 * A pool's schedule: read from the file, and checked for what nobody can have meant. Each entry
 * becomes a whole policy, the pool's with what the entry has of its own. */
#include "core/settings_read.h"

#include "core/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_ENTRIES = 50, MOST_DATES = 1000 };

/* ---- Keys ---- */

struct entry_keys {
    int64_t min;
    int64_t max;
    int64_t per_dyno;
    struct dyn_list days;
    struct dyn_list dates;
    const char *from;
    const char *to;
    const char *zone;
};

static const struct dyn_option rows[] = {
    {"days", NULL, NULL, NULL, "the days of the week, such as mon-fri", DYN_LIST, 0,
     offsetof(struct entry_keys, days), 0},
    {"from", "00:00", NULL, NULL, "the time of the day at which it begins", DYN_TEXT, 0,
     offsetof(struct entry_keys, from), 0},
    {"to", "24:00", NULL, NULL, "the time of the day at which it is over", DYN_TEXT, 0,
     offsetof(struct entry_keys, to), 0},
    {"dates", NULL, NULL, NULL, "the days of the calendar, such as 2026-12-24..2026-12-26",
     DYN_LIST, 0, offsetof(struct entry_keys, dates), 0},
    {"zone", "UTC", NULL, NULL, "whose clocks these are, such as Europe/Brussels", DYN_TEXT, 0,
     offsetof(struct entry_keys, zone), 0},
    {"min", NULL, "0.." SETTINGS_MOST_DYNOS, NULL, "the fewest dynos meanwhile", DYN_INTEGER, 0,
     offsetof(struct entry_keys, min), 0},
    {"max", NULL, "0.." SETTINGS_MOST_DYNOS, NULL, "the most dynos meanwhile", DYN_INTEGER, 0,
     offsetof(struct entry_keys, max), 0},
    {"per_dyno", NULL, "1..1000000000", NULL, "one dyno for each so many waiting jobs", DYN_INTEGER,
     0, offsetof(struct entry_keys, per_dyno), 0},
};

static const struct option_table table = {rows, sizeof rows / sizeof rows[0]};

/* An entry as it is read. */
struct request {
    struct config *config;
    const struct config_node *node;
    struct settings_reader *reader;
    const struct pool_spec *pool;
    struct entry_keys keys;
    struct schedule_entry *entry;
};

static void refuse(const struct request *request, const struct config_node *node, const char *why)
{
    if (!config_is_broken(node))
        config_mistake(request->config, node, "%s", why);
}

/* ---- Lists: [mon, wed-fri], or mon,wed-fri ---- */

/* add() adds one word to the entry. It returns NULL, or what the word should have been. */
static void add_words(const struct request *request, const struct config_node *node,
                      const char *words, const char *(*add)(const char *, struct schedule_entry *))
{
    char *copy = memory_copy(words);
    char *rest = copy;
    char *word;
    while ((word = strsep(&rest, ",")) != NULL) {
        word += strspn(word, " ");
        word[strcspn(word, " ")] = '\0';
        const char *why = add(word, request->entry);
        if (why != NULL) {
            refuse(request, node, why);
            break;
        }
    }
    free(copy);
}

static void read_list(const struct request *request, const char *key, const struct dyn_list *list,
                      const char *(*add)(const char *, struct schedule_entry *))
{
    const struct config_node *node = config_get(request->node, key);
    for (size_t i = 0; i < list->n; i++) {
        bool is_list = config_kind(node) == CONFIG_LIST;
        add_words(request, is_list ? config_item(node, i) : node, list->items[i], add);
    }
}

/* The weekday that a text begins with, DAYS_A_WEEK if there is none. */
static size_t weekday(const char *text)
{
    size_t day = 0;
    while (day < DAYS_A_WEEK && strncmp(text, schedule_weekdays[day], 3) != 0)
        day++;
    return day;
}

static const char *add_weekdays(const char *word, struct schedule_entry *entry)
{
    size_t first = weekday(word);
    bool is_range = first < DAYS_A_WEEK && word[3] == '-';
    size_t last = is_range ? weekday(word + 4) : first;
    if (first == DAYS_A_WEEK || last == DAYS_A_WEEK || word[is_range ? 7 : 3] != '\0')
        return "days are mon, tue, wed, thu, fri, sat and sun, such as [mon-thu, sat]";
    for (size_t day = first; day != last; day = (day + 1) % DAYS_A_WEEK)
        entry->days |= 1u << day;
    entry->days |= 1u << last;
    return NULL;
}

/* Ten characters as a day since 1970-01-01; false if the calendar has no such day. */
static bool parse_date(const char *text, int32_t *day)
{
    char *date = memory_copy_n(text, 10);
    struct tm tm = {0};
    const char *end = strptime(date, "%Y-%m-%d", &tm);
    struct tm written = tm;
    *day = (int32_t)(timegm(&tm) / 86400);
    bool is_day = end != NULL && *end == '\0' && tm.tm_mday == written.tm_mday;
    free(date);
    return is_day;
}

static const char *add_dates(const char *word, struct schedule_entry *entry)
{
    static const char form[] =
        "dates are days such as 2026-12-24, or from one to another: 2026-12-24..2026-12-26";
    struct schedule_dates dates;
    bool is_range = strlen(word) == 22 && word[10] == '.' && word[11] == '.';
    if ((!is_range && strlen(word) != 10) || !parse_date(word, &dates.first) ||
        !parse_date(is_range ? word + 12 : word, &dates.last))
        return form;
    if (dates.last < dates.first)
        return "these dates end before they begin";
    if (entry->n_dates == MOST_DATES)
        return "there are too many dates";
    entry->dates = memory_resize(entry->dates, entry->n_dates + 1, sizeof *entry->dates);
    entry->dates[entry->n_dates++] = dates;
    return NULL;
}

/* ---- Times of the day ---- */

static bool parse_time(const char *text, int32_t *minute)
{
    static const char digits[] = "0123456789";
    size_t n = strspn(text, digits);
    if (n < 1 || n > 2 || text[n] != ':' || strspn(text + n + 1, digits) != 2 ||
        text[n + 3] != '\0')
        return false;
    int32_t past_hour = (int32_t)strtol(text + n + 1, NULL, 10);
    *minute = (int32_t)strtol(text, NULL, 10) * 60 + past_hour;
    return past_hour < 60 && *minute <= MINUTES_A_DAY;
}

static void read_times(const struct request *request)
{
    struct schedule_entry *entry = request->entry;
    const struct config_node *from = config_get(request->node, "from");
    const struct config_node *to = config_get(request->node, "to");
    bool has_from = parse_time(request->keys.from, &entry->from) && entry->from < MINUTES_A_DAY;
    bool has_to = parse_time(request->keys.to, &entry->to);
    if (!has_from)
        refuse(request, from, "from is a time of the day, \"00:00\" to \"23:59\"");
    if (!has_to)
        refuse(request, to, "to is a time of the day, \"00:00\" to \"24:00\"");
    if (has_from && has_to && entry->from == entry->to)
        refuse(request, to != NULL ? to : from,
               "from and to are the same time; a whole day is from \"00:00\" to \"24:00\"");
}

static void read_zone(const struct request *request)
{
    struct error error = {""};
    request->entry->zone = zone_new(request->keys.zone, &error);
    if (request->entry->zone == NULL)
        refuse(request, config_get(request->node, "zone"), error.text);
}

/* ---- What nobody can have meant ---- */

/* An entry with a mistake hides no other. */
static void check_window(const struct request *request, const struct schedule *schedule, size_t i)
{
    if (config_has_mistake(request->config, request->node))
        request->entry->days = 0;
    else if (!schedule_entry_can_match(&schedule->entries[i]))
        config_mistake(request->config, request->node,
                       "this entry can never match: none of its dates is on one of its days");
    else if (schedule_is_hidden(schedule, i))
        config_mistake(request->config, request->node,
                       "this entry can never count: whenever it matches, one before it does, and "
                       "the first wins");
}

/* ---- Words ---- */

static void add_number_words(const char *key, int64_t number, const char **before, struct text *out)
{
    if (number == DYN_ABSENT)
        return;
    text_add_format(out, "%s%s %" PRId64, *before, key, number);
    *before = ", ";
}

/* "mon-fri 08:00-18:00: min 4, own rules" */
static char *words_of(const struct request *request)
{
    struct text words = {0};
    const struct entry_keys *keys = &request->keys;
    schedule_entry_explain(request->entry, &words);
    const char *before = ": ";
    add_number_words("min", keys->min, &before, &words);
    add_number_words("max", keys->max, &before, &words);
    add_number_words("per_dyno", keys->per_dyno, &before, &words);
    if (config_get(request->node, "rules") != NULL)
        text_add_format(&words, "%sown rules", before);
    return text_take(&words);
}

/* ---- The policy of an entry ---- */

static void check_bounds(const struct request *request, const struct policy *policy)
{
    bool has_min = request->keys.min != DYN_ABSENT;
    bool has_max = request->keys.max != DYN_ABSENT;
    const char *whose = request->pool->is_shadow ? "the shadow's " : "the pool's ";
    if (policy->min <= policy->max || (!has_min && !has_max))
        return;
    config_mistake(request->config, config_get(request->node, has_min ? "min" : "max"),
                   "%smin is %" PRId32 ", but %smax is %" PRId32, has_min ? "" : whose, policy->min,
                   has_max ? "" : whose, policy->max);
}

static void read_rules(const struct request *request, struct policy *policy)
{
    struct rule_list rules;
    const struct entry_keys *keys = &request->keys;
    const struct config_node *list = config_get(request->node, "rules");
    if (list == NULL || config_is_null(list))
        return; /* the pool's */
    if (config_kind(list) == CONFIG_LIST && config_count(list) == 0 && policy->per_dyno == 0 &&
        keys->min == DYN_ABSENT)
        config_mistake(request->config, list,
                       "rules is empty, so nothing would be asked for: leave it out for the "
                       "pool's rules, or give min");
    settings_read_rules(request->config, list, &rules);
    settings_check_rules(request->config, &rules, keys->min == DYN_ABSENT ? 0 : keys->min,
                         keys->max == DYN_ABSENT ? INT32_MAX : keys->max, request->reader->settings,
                         request->pool);
    settings_take_rules(request->reader, &rules, policy);
}

static struct policy policy_of(const struct request *request)
{
    struct policy policy = request->pool->policy;
    const struct entry_keys *keys = &request->keys;
    if (keys->min != DYN_ABSENT)
        policy.min = (int32_t)keys->min;
    if (keys->max != DYN_ABSENT)
        policy.max = (int32_t)keys->max;
    if (keys->per_dyno != DYN_ABSENT)
        policy.per_dyno = keys->per_dyno;
    check_bounds(request, &policy);
    read_rules(request, &policy);
    return policy;
}

/* ---- All entries ---- */

static void read_window(const struct request *request)
{
    read_list(request, "days", &request->keys.days, add_weekdays);
    read_list(request, "dates", &request->keys.dates, add_dates);
    if (request->keys.days.n == 0)
        request->entry->days = EVERY_DAY;
    read_times(request);
    read_zone(request);
}

static void read_entry(struct settings_reader *reader, const struct config_node *node,
                       struct pool_spec *pool)
{
    struct config *config = reader->config;
    static const char *const others[] = {"rules"};
    struct schedule *schedule = &pool->schedule;
    struct request request = {config, node, reader, pool, .entry = &schedule->entries[schedule->n]};
    if (config_kind(node) != CONFIG_MAP) {
        config_hide(config, node);
        config_mistake(config, node, "an entry must be a map such as { days: mon-fri, min: 4 }");
        return;
    }
    option_init(table, &request.keys);
    option_fill(table, config, node, others, 1, &request.keys);
    option_complete(table, config, node, &request.keys);
    read_window(&request);
    request.entry->words = words_of(&request);
    pool->scheduled[schedule->n] = policy_of(&request);
    check_window(&request, schedule, schedule->n++);
    option_fini(table, &request.keys);
}

void settings_read_schedule(struct settings_reader *reader, const struct config_node *list,
                            struct pool_spec *pool)
{
    struct config *config = reader->config;
    if (list == NULL || config_is_null(list))
        return;
    if (config_kind(list) != CONFIG_LIST) {
        config_hide(config, list);
        if (!config_is_broken(list))
            config_mistake(config, list,
                           "schedule must be a list such as [{ days: mon-fri, min: 4 }]");
        return;
    }
    size_t n = config_count(list);
    if (n > MOST_ENTRIES) {
        config_mistake(config, list, "schedule has more than %d items", MOST_ENTRIES);
        return;
    }
    pool->schedule.entries = memory_new(n, sizeof *pool->schedule.entries);
    pool->scheduled = memory_new(n, sizeof *pool->scheduled);
    for (size_t i = 0; i < n; i++)
        read_entry(reader, config_item(list, i), pool);
}

void settings_free_schedule(struct pool_spec *pool)
{
    free(pool->scheduled);
    schedule_fini(&pool->schedule);
}
