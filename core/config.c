/* SPDX-License-Identifier: MIT */
#include "core/config.h"

#include "core/config_tree.h"
#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- The file ---- */

static void refuse_size(struct config *config, long long bytes)
{
    if (bytes < 10000000)
        config_mistake(config, NULL, "is %lld bytes; a configuration has at most 8 MiB", bytes);
    else
        config_mistake(config, NULL, "is %lld MB; a configuration has at most 8 MiB",
                       bytes / 1000000);
}

/* All that a descriptor gives, but little more than a configuration may have. -1 with errno. */
static int read_all(int fd, struct text *out)
{
    char chunk[16384];
    while (out->length <= CONFIG_MOST_BYTES) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        text_add_n(out, chunk, (size_t)got);
    }
    return 0;
}

/* False with a mistake. A pipe is as good as a file: its size is known once it is read. */
static bool read_file(struct config *config, int fd, struct text *out)
{
    struct stat stat = {0};
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > CONFIG_MOST_BYTES)
        refuse_size(config, stat.st_size);
    else if (S_ISDIR(stat.st_mode))
        config_mistake(config, NULL, "is a directory, not a file");
    else if (read_all(fd, out) < 0)
        config_mistake(config, NULL, "cannot be read: %s", strerror(errno));
    else if (out->length > CONFIG_MOST_BYTES)
        config_mistake(config, NULL, "is longer than 8 MiB; a configuration has at most 8 MiB");
    else
        return true;
    return false;
}

static struct config *new_config(const char *path)
{
    struct config *config = memory_new(1, sizeof *config);
    config->path = memory_copy(path);
    config->source = memory_copy("");
    return config;
}

static void parse(struct config *config, const char *chars, size_t length)
{
    free(config->source);
    config->source = memory_copy_n(chars, length);
    config->length = length;
    config_parse_yaml(config);
}

struct config *config_parse(const char *path, const char *chars, size_t length)
{
    struct config *config = new_config(path);
    if (length > CONFIG_MOST_BYTES)
        refuse_size(config, (long long)length);
    else
        parse(config, chars, length);
    return config;
}

struct config *config_read(const char *path)
{
    struct config *config = new_config(path);
    struct text text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        config_mistake(config, NULL, "cannot be read: %s", strerror(errno));
    else if (read_file(config, fd, &text))
        parse(config, text_chars(&text), text.length);
    if (fd >= 0)
        close(fd);
    text_fini(&text);
    return config;
}

static void free_node(struct config_node *node)
{
    for (size_t i = 0; i < node->n_entries; i++)
        free(node->entries[i].key);
    free(node->entries);
    free(node->text);
    free(node);
}

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (struct config_node *node = config->nodes, *next; node != NULL; node = next) {
        next = node->next;
        free_node(node);
    }
    for (size_t i = 0; i < config->n_mistakes && i < CONFIG_MOST_MISTAKES; i++)
        free(config->mistakes[i].text);
    if (config->noted != NULL)
        g_hash_table_destroy(config->noted);
    if (config->line_starts != NULL)
        g_array_free(config->line_starts, TRUE);
    free(config->hidden);
    free(config->source);
    free(config->path);
    free(config);
}

/* ---- Looking at values ---- */

const char *config_path(const struct config *config)
{
    return config->path;
}

const struct config_node *config_root(const struct config *config)
{
    return config->root;
}

enum config_kind config_kind(const struct config_node *node)
{
    return node->kind;
}

const char *config_text(const struct config_node *node)
{
    return node->text != NULL ? node->text : "";
}

bool config_is_null(const struct config_node *node)
{
    return node->is_null;
}

bool config_is_broken(const struct config_node *node)
{
    return node->is_broken;
}

bool config_is_taken(const struct config_node *node)
{
    return node->is_taken;
}

bool config_lacks_space(const struct config_node *node)
{
    const char *colon = strchr(config_text(node), ':');
    return colon != NULL && colon[1] != ' ' && colon[1] != '/'; /* "redis://" is none */
}

size_t config_count(const struct config_node *node)
{
    return node->n_entries;
}

const struct config_node *config_item(const struct config_node *node, size_t i)
{
    return i < node->n_entries ? node->entries[i].value : NULL;
}

const char *config_key(const struct config_node *node, size_t i)
{
    return i < node->n_entries ? node->entries[i].key : NULL;
}

const struct config_node *config_get(const struct config_node *node, const char *key)
{
    if (node == NULL || node->kind != CONFIG_MAP)
        return NULL;
    for (size_t i = 0; i < node->n_entries; i++)
        if (strcmp(node->entries[i].key, key) == 0)
            return node->entries[i].value;
    return NULL;
}

/* Quotes are shown, so that "${NAME}" stays what it is. */
static struct config_span inside_quotes(const struct config *config, struct config_span span)
{
    if (span.to - span.from >= 2 && strchr("\"'", config->source[span.from]) != NULL) {
        span.from++;
        span.to--;
    }
    return span;
}

void config_hide(struct config *config, const struct config_node *node)
{
    if (node->kind == CONFIG_SCALAR)
        config_hide_span(config, inside_quotes(config, node->span));
    for (size_t i = 0; i < node->n_entries; i++)
        config_hide(config, node->entries[i].value);
}
