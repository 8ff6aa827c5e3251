/* SPDX-License-Identifier: MIT
 * From YAML to the tree. libfyaml's events are read, not its documents: so duplicate keys, aliases
 * and merge keys are ours to judge, with the place of each, and an alias costs a pointer. */
#include "core/config_tree.h"

#include "core/memory.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

struct anchor {
    char *name;
    const struct config_node *node;
};

struct reader {
    struct config *config;
    struct fy_diag *diag;
    struct fy_parser *parser;
    struct fy_event *event;  /* the one looked at; NULL once reading is over */
    struct config_span last; /* where the last token stood: the place of what has none */
    size_t depth;
    size_t n_nodes;
    struct anchor anchors[CONFIG_MOST_ANCHORS];
    size_t n_anchors;
};

/* ---- Characters ---- */

/* Notes the first byte that is no text, and replaces all of them, since the line will be shown. */
static bool is_text(struct config *config)
{
    bool is_good = true;
    for (size_t at = 0, n; at<config->length; at += n> 0 ? n : 1) {
        n = text_character(config->source + at, config->length - at);
        unsigned byte = (unsigned char)config->source[at];
        if (n == 0 && is_good)
            config_mistake_at(config, at,
                              byte < 0x80 ? "a control character (byte 0x%02X) stands here"
                                          : "this is no UTF-8 text (byte 0x%02X): save it as UTF-8",
                              byte);
        if (n == 0)
            config->source[at] = '?';
        is_good = is_good && n > 0;
    }
    return is_good;
}

/* ---- Events ---- */

static struct config_span span_of(const struct reader *reader, struct fy_token *token)
{
    const struct fy_mark *start = token != NULL ? fy_token_start_mark(token) : NULL;
    const struct fy_mark *end = token != NULL ? fy_token_end_mark(token) : NULL;
    size_t length = reader->config->length;
    if (start == NULL || end == NULL || end->input_pos > length)
        return reader->last;
    const char *chars = reader->config->source;
    struct config_span span = {start->input_pos, end->input_pos};
    while (span.from > 0 && strchr("\"'*&!", chars[span.from - 1]) != NULL)
        span.from--; /* tokens begin inside quotes, and after what makes an alias one */
    if (span.to < length && (chars[span.to] == '"' || chars[span.to] == '\''))
        span.to++;
    while (span.from < span.to && strchr(" \r\n", chars[span.from]) != NULL)
        span.from++; /* those of blocks begin and end at a line's start */
    while (span.to > span.from && strchr(" \r\n", chars[span.to - 1]) != NULL)
        span.to--;
    return span;
}

/* At the end of the file the last line with something in it is the one to be shown. */
static size_t visible(const struct config *config, size_t at)
{
    if (at < config->length)
        return at;
    while (at > 0 && strchr(" \t\r\n", config->source[at - 1]) != NULL)
        at--;
    return at;
}

static void note_syntax(struct reader *reader)
{
    const char *text = "it cannot be understood";
    struct config_span place = reader->last;
    void *previous = NULL;
    struct fy_diag_error *error;
    while ((error = fy_diag_errors_iterate(reader->diag, &previous)) != NULL)
        if (error->type == FYET_ERROR) {
            text = error->msg;
            place = span_of(reader, error->fyt);
            break;
        }
    size_t at = visible(reader->config, place.from);
    config_mistake_at(reader->config, at, "this is no YAML: %s",
                      config_syntax_advice(reader->config, at, text));
}

/* Goes to the next event. False when there is none, with a mistake. */
static bool advance(struct reader *reader)
{
    fy_parser_event_free(reader->parser, reader->event);
    reader->event = fy_parser_parse(reader->parser);
    if (reader->event == NULL) {
        note_syntax(reader);
        return false;
    }
    struct fy_token *token = fy_event_get_token(reader->event);
    reader->last = span_of(reader, token);
    return true;
}

static bool advance_by(struct reader *reader, int events)
{
    while (events > 0 && advance(reader))
        events--;
    return events == 0;
}

static char *copy_of(struct fy_token *token, size_t *length)
{
    const char *chars = token != NULL ? fy_token_get_text(token, length) : NULL;
    if (chars == NULL)
        *length = 0;
    return memory_copy_n(chars, *length);
}

/* ---- Values ---- */

static const struct config_node *read_value(struct reader *reader);

static struct config_node *new_node(struct reader *reader, enum config_kind kind)
{
    struct config_node *node = memory_new(1, sizeof *node);
    node->kind = kind;
    node->span = reader->last;
    node->n_values = 1;
    node->next = reader->config->nodes;
    reader->config->nodes = node;
    return node;
}

static bool is_null_word(const char *chars, size_t length)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == length && memcmp(words[i], chars, length) == 0)
            return true;
    return false;
}

/* "token: #abc" is a token that became a comment, so the comment is not shown. */
static void hide_comment(struct reader *reader)
{
    const struct config *config = reader->config;
    size_t at = reader->last.to;
    while (at < config->length && strchr(" \t:\"'-", config->source[at]) != NULL)
        at++;
    if (at < config->length && config->source[at] == '#')
        config_hide_span(reader->config, (struct config_span){at, config_line_end(config, at)});
}

static struct config_node *read_scalar(struct reader *reader)
{
    struct config_node *node = new_node(reader, CONFIG_SCALAR);
    struct fy_token *token = fy_event_get_token(reader->event);
    if (token == NULL) {
        node->is_null = true;
        node->text = memory_copy("");
        node->span.to = node->span.from; /* it has no place of its own: that of its key */
        hide_comment(reader);
        return node;
    }
    size_t length;
    char *chars = copy_of(token, &length);
    node->is_null = fy_token_scalar_style(token) == FYSS_PLAIN && is_null_word(chars, length);
    config_set_text(reader->config, node, chars, node->is_null ? 0 : length);
    free(chars);
    return node;
}

/* The value that an alias stands for is shared, not copied. A text that was meant as one is shown
 * as little as any other. */
static const struct config_node *read_alias(struct reader *reader)
{
    size_t length;
    char *name = copy_of(fy_event_get_token(reader->event), &length);
    const struct config_node *node = NULL;
    for (size_t i = reader->n_anchors; i > 0 && node == NULL; i--)
        if (strcmp(reader->anchors[i - 1].name, name) == 0)
            node = reader->anchors[i - 1].node;
    free(name);
    if (node != NULL)
        return node;
    config_hide_span(reader->config, reader->last);
    struct config_node *nothing = new_node(reader, CONFIG_SCALAR);
    nothing->is_broken = true;
    config_mistake(reader->config, nothing,
                   "no anchor (&) before this has the name of this alias (*); a text that begins "
                   "with * needs quotes");
    return nothing;
}

static void add_entry(struct config_node *node, struct config_entry entry)
{
    size_t n = node->n_entries;
    if ((n & (n - 1)) == 0) /* the room is the next power of two */
        node->entries = memory_resize(node->entries, n > 0 ? 2 * n : 1, sizeof *node->entries);
    node->entries[node->n_entries++] = entry;
    node->n_values += entry.value->n_values;
}

/* ---- Maps ---- */

static int compare_keys(const void *a, const void *b)
{
    const struct config_entry *const *left = a;
    const struct config_entry *const *right = b;
    int order = strcmp((*left)->key, (*right)->key);
    if (order != 0)
        return order;
    return (*left)->key_at < (*right)->key_at ? -1 : 1;
}

/* Drops the entries whose key was taken away. The room stays what add_entry() counts on: the next
 * power of two, or more. */
static void compact(struct config_node *map)
{
    size_t n = 0;
    for (size_t i = 0; i < map->n_entries; i++)
        if (map->entries[i].key != NULL)
            map->entries[n++] = map->entries[i];
    map->n_entries = n;
}

static void drop_key(struct config_entry *entry)
{
    free(entry->key);
    entry->key = NULL;
}

/* Of two entries with one key the first is kept, and the second is a mistake. */
static void refuse_duplicates(struct config *config, struct config_node *map)
{
    size_t n = map->n_entries;
    struct config_entry **sorted = memory_new(n, sizeof *sorted);
    for (size_t i = 0; i < n; i++)
        sorted[i] = &map->entries[i];
    qsort(sorted, n, sizeof *sorted, compare_keys);
    for (size_t first = 0, i = 1; i < n; i++) {
        if (strcmp(sorted[first]->key, sorted[i]->key) != 0) {
            first = i;
            continue;
        }
        config_hide(config, sorted[i]->value);
        config_mistake_at(config, sorted[i]->key_at,
                          "\"%s\" is given twice; the first is in line %zu", sorted[i]->key,
                          config_line(config, sorted[first]->key_at));
        drop_key(sorted[i]); /* strcmp() never meets it again: `first` stays before it */
    }
    free(sorted);
    compact(map);
}

/* Takes in what a map lacks of another; `has` are the keys that it has. */
static void merge(struct config *config, struct config_node *map, GHashTable *has,
                  const struct config_node *from)
{
    if (from->kind != CONFIG_MAP) {
        config_mistake(config, from, "<< takes in a map, or a list of maps");
        return;
    }
    for (size_t i = 0; i < from->n_entries; i++) {
        struct config_entry entry = from->entries[i];
        if (g_hash_table_contains(has, entry.key))
            continue;
        entry.key = memory_copy(entry.key);
        g_hash_table_add(has, entry.key);
        add_entry(map, entry);
    }
}

/* YAML's merge key, "<<: *defaults": what the map says itself goes before. */
static void merge_all(struct config *config, struct config_node *map)
{
    const struct config_node *from = config_get(map, "<<");
    if (from == NULL)
        return;
    for (size_t i = 0; i < map->n_entries; i++)
        if (strcmp(map->entries[i].key, "<<") == 0) {
            drop_key(&map->entries[i]);
            break;
        }
    compact(map);
    GHashTable *has = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < map->n_entries; i++)
        g_hash_table_add(has, map->entries[i].key);
    if (from->kind == CONFIG_LIST)
        for (size_t i = 0; i < from->n_entries; i++)
            merge(config, map, has, from->entries[i].value);
    else
        merge(config, map, has, from);
    g_hash_table_destroy(has);
}

/* The text of a key, NULL with a mistake if it is none; the event is not passed. */
static char *read_key(struct reader *reader)
{
    size_t length = 0;
    struct fy_token *token = fy_event_get_token(reader->event);
    char *key = reader->event->type == FYET_SCALAR ? copy_of(token, &length) : memory_copy("");
    if (length > 0 && strlen(key) == length)
        return key;
    free(key);
    config_mistake_at(reader->config, reader->last.from, "a key must be a word");
    return NULL;
}

/* "url:redis://..." in a map of one line is a key without a value. What was meant as one may be a
 * secret, and nobody is to miss the key. */
static const struct config_node *split_key(struct reader *reader, struct config_entry *entry,
                                           struct config_span span)
{
    char *colon = strchr(entry->key, ':');
    struct config_node *nothing = new_node(reader, CONFIG_SCALAR);
    nothing->is_broken = true;
    nothing->span = (struct config_span){span.to, span.to};
    *colon = '\0';
    config_hide_span(reader->config,
                     (struct config_span){span.from + strlen(entry->key) + 1, span.to});
    config_mistake_at(reader->config, span.from,
                      "a space is missing after the colon: \"%.64s: ...\"", entry->key);
    return nothing;
}

/* Reads the entry whose key is the present event; what has no proper key is passed over. */
static bool read_entry(struct reader *reader, struct config_node *map)
{
    struct config_entry entry = {NULL, reader->last.from, NULL};
    struct config_span span = reader->last;
    entry.key = read_key(reader);
    bool is_read = entry.key != NULL || read_value(reader) != NULL;
    if (is_read && advance(reader))
        entry.value = read_value(reader);
    if (entry.key != NULL && entry.value != NULL && entry.value->is_null &&
        strchr(entry.key, ':') != NULL)
        entry.value = split_key(reader, &entry, span);
    if (entry.key != NULL && entry.value != NULL)
        add_entry(map, entry);
    else
        free(entry.key);
    return entry.value != NULL;
}

/* ---- Lists, and both ---- */

static bool read_item(struct reader *reader, struct config_node *list)
{
    struct config_entry entry = {NULL, reader->last.from, read_value(reader)};
    if (entry.value != NULL)
        add_entry(list, entry);
    return entry.value != NULL;
}

static struct config_node *read_collection(struct reader *reader, enum config_kind kind)
{
    enum fy_event_type end = kind == CONFIG_MAP ? FYET_MAPPING_END : FYET_SEQUENCE_END;
    struct config_node *node = new_node(reader, kind);
    if (reader->depth >= CONFIG_MOST_DEPTH) {
        config_mistake(reader->config, node, "lists and maps are nested deeper than %d here",
                       CONFIG_MOST_DEPTH);
        return NULL;
    }
    reader->depth++;
    for (;;) {
        if (!advance(reader))
            return NULL;
        if (reader->event->type == end)
            break;
        if (!(kind == CONFIG_MAP ? read_entry(reader, node) : read_item(reader, node)))
            return NULL;
    }
    reader->depth--;
    if (kind == CONFIG_MAP) {
        refuse_duplicates(reader->config, node);
        merge_all(reader->config, node);
    }
    return node;
}

/* ---- Anchors and tags ---- */

static bool has_room(struct reader *reader, const struct config_node *node)
{
    if (++reader->n_nodes <= CONFIG_MOST_VALUES && node->n_values <= CONFIG_MOST_VALUES)
        return true;
    config_mistake(reader->config, node,
                   "the file has more than %d values here, counting again what aliases repeat",
                   CONFIG_MOST_VALUES);
    return false;
}

static void refuse_tag(struct reader *reader)
{
    struct config_span span = span_of(reader, fy_event_get_tag_token(reader->event));
    config_hide_span(reader->config, span);
    config_mistake_at(reader->config, span.from,
                      "tags (!) have no meaning here; a text that begins with ! needs quotes");
}

/* Gives a value the name that aliases call it by. */
static void add_anchor(struct reader *reader, struct config_span span, char *name,
                       const struct config_node *node)
{
    const char *problem = NULL;
    if (reader->n_anchors == CONFIG_MOST_ANCHORS)
        problem = "a configuration has at most 256 anchors (&)";
    else if (node->is_null)
        problem = "this anchor (&) has no value; a text that begins with & needs quotes";
    if (problem == NULL) {
        reader->anchors[reader->n_anchors++] = (struct anchor){name, node};
        return;
    }
    config_hide_span(reader->config, span);
    config_mistake_at(reader->config, span.from, "%s", problem);
    free(name);
}

static struct config_node *read_own(struct reader *reader)
{
    switch (reader->event->type) {
    case FYET_SCALAR:
        return read_scalar(reader);
    case FYET_SEQUENCE_START:
        return read_collection(reader, CONFIG_LIST);
    case FYET_MAPPING_START:
        return read_collection(reader, CONFIG_MAP);
    default:
        config_mistake_at(reader->config, reader->last.from, "a value is missing here");
        return NULL;
    }
}

/* Reads the value that begins with the present event, to its last event. NULL if reading is over,
 * with a mistake. */
static const struct config_node *read_value(struct reader *reader)
{
    if (reader->event->type == FYET_ALIAS)
        return read_alias(reader);
    if (fy_event_get_tag_token(reader->event) != NULL)
        refuse_tag(reader);
    struct fy_token *token = fy_event_get_anchor_token(reader->event);
    struct config_span span = span_of(reader, token);
    size_t length;
    char *anchor = token != NULL ? copy_of(token, &length) : NULL;
    struct config_node *node = read_own(reader);
    if (node == NULL || !has_room(reader, node)) {
        free(anchor);
        return NULL;
    }
    if (anchor != NULL)
        add_anchor(reader, span, anchor, node);
    return node;
}

/* ---- The whole ---- */

static const struct config_node *read_document(struct reader *reader)
{
    struct config *config = reader->config;
    if (!advance_by(reader, 2))
        return NULL;
    const struct config_node *root = NULL;
    if (reader->event->type == FYET_DOCUMENT_START && advance(reader)) {
        root = read_value(reader);
        if (root == NULL || !advance_by(reader, 2))
            return NULL;
    }
    if (reader->event != NULL && reader->event->type == FYET_DOCUMENT_START)
        config_mistake_at(config, reader->last.from,
                          "a second document begins here; a configuration is one document");
    if (root != NULL && !root->is_null)
        return root;
    if (config->n_mistakes == 0)
        config_mistake(config, NULL, "is empty; dynomatic.yml(5) tells what belongs into it");
    return NULL;
}

static bool open_parser(struct reader *reader)
{
    struct fy_diag_cfg diag;
    fy_diag_cfg_default(&diag);
    diag.fp = NULL;
    diag.colorize = false;
    reader->diag = fy_diag_create(&diag);
    if (reader->diag == NULL)
        return false;
    fy_diag_set_collect_errors(reader->diag, true);
    struct fy_parse_cfg cfg = {
        .search_path = "",
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DISABLE_MMAP_OPT,
        .diag = reader->diag,
    };
    reader->parser = fy_parser_create(&cfg);
    return reader->parser != NULL && fy_parser_set_string(reader->parser, reader->config->source,
                                                          reader->config->length) == 0;
}

static void close_parser(struct reader *reader)
{
    for (size_t i = 0; i < reader->n_anchors; i++)
        free(reader->anchors[i].name);
    if (reader->parser != NULL) {
        fy_parser_event_free(reader->parser, reader->event);
        fy_parser_destroy(reader->parser);
    }
    fy_diag_destroy(reader->diag);
}

void config_parse_yaml(struct config *config)
{
    struct reader *reader = memory_new(1, sizeof *reader);
    reader->config = config;
    if (!is_text(config))
        config->root = NULL;
    else if (open_parser(reader))
        config->root = read_document(reader);
    else
        config_mistake(config, NULL, "cannot be read: the YAML parser does not start");
    close_parser(reader);
    free(reader);
    if (config->root == NULL)
        config_hide_mistaken_lines(config);
}
