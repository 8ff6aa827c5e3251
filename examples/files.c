/* SPDX-License-Identifier: MIT
 * A scaler back-end to copy. The platform is a folder with a file for each pool, which holds how
 * many workers should run; whoever starts them reads it. The third worker of the pool "mail" is
 * "mail.3", and a smaller number stops the highest first.
 *
 *     cc -shared -fPIC $(pkg-config --cflags dynomatic) files.c -o files.so
 *     scaler: { backend: ./files.so, folder: /var/lib/sizes }
 */
#include <dynomatic/util.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

/* What the host fills by the rows below. It lives until files_close(). */
struct config {
    const char *folder;
    int64_t max;
};

static const struct dyn_option options[] = {
    {"folder", NULL, NULL, NULL, "the folder of the sizes, a file for each pool", DYN_TEXT,
     DYN_REQUIRED, offsetof(struct config, folder), 0},
    {"max", NULL, "1..1000", NULL, "the most workers that a pool can have", DYN_INTEGER, 0,
     offsetof(struct config, max), 0},
};

/* An instance. Several may be open and run at the same time, so nothing of it is static. */
struct files {
    const struct dyn_host *host;
    const struct config *config;
};

/* ---- One file: each returns 0, or -1 with errno ---- */

static int path_of(const struct files *files, const char *name, const char *ending, char *path)
{
    int length = snprintf(path, PATH_ROOM, "%s/%s%s", files->config->folder, name, ending);
    errno = ENAMETOOLONG;
    return length < PATH_ROOM ? 0 : -1;
}

static int read_size(const struct files *files, const char *name, int64_t *size)
{
    char path[PATH_ROOM];
    char text[32] = "";
    int fd = path_of(files, name, "", path) < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    int why = length < 0 ? errno : EINVAL; /* EINVAL: what it holds is no number */
    if (fd >= 0)
        close(fd);
    char *end = text;
    *size = strtoll(text, &end, 10);
    errno = why;
    return end > text && *size >= 0 ? 0 : -1;
}

/* The file is replaced as a whole, so that nobody reads half a number. */
static int write_size(const struct files *files, const char *name, int64_t size)
{
    char path[PATH_ROOM];
    char next[PATH_ROOM];
    if (path_of(files, name, "", path) < 0 || path_of(files, name, ".next", next) < 0)
        return -1;
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    int is_written = dprintf(fd, "%lld\n", (long long)size) > 0;
    return close(fd) == 0 && is_written && rename(next, path) == 0 ? 0 : -1;
}

/* ---- The contract ---- */

/* A pool that fails does not hold up the others: it is told why, and has no size. */
static void answer(const struct files *files, uint32_t index, const char *name, int failed,
                   int64_t size)
{
    char text[512];
    snprintf(text, sizeof text, "%.300s/%.100s: %s", files->config->folder, name, strerror(errno));
    if (failed)
        files->host->unknown(files->host, index, text);
    else
        files->host->put(files->host, index, DYN_SIZE, size, 0);
}

static int32_t late(const struct files *files)
{
    return dyn_failf(files->host, DYN_LATE, "%s is too slow", files->config->folder);
}

static int32_t files_read(void *self, const struct dyn_call *call, const char *const *names,
                          uint32_t n)
{
    const struct files *files = self;
    for (uint32_t i = 0; i < n; i++) {
        int64_t size = 0;
        if (dyn_is_over(call))
            return late(files);
        int failed = read_size(files, names[i], &size);
        answer(files, i, names[i], failed, size);
    }
    return DYN_OK;
}

static int64_t no_more_than(int64_t most, int64_t size)
{
    return most != DYN_ABSENT && size > most ? most : size;
}

/* The size to set: one that is smaller than before stops none of the workers that must stay. */
static int64_t sparing(const struct dyn_change *change, int64_t before)
{
    int64_t size = change->size;
    size_t length = strlen(change->name);
    for (uint32_t i = 0; i < change->n_keep && size < before; i++) {
        const char *worker = change->keep[i];
        int is_ours = strncmp(worker, change->name, length) == 0 && worker[length] == '.';
        int64_t number = is_ours ? strtoll(worker + length + 1, NULL, 10) : 0;
        if (number > size)
            size = no_more_than(before, number);
    }
    return size;
}

/* Sizes are absolute, so repeating it is safe; and what is so already is not written again. */
static int32_t files_apply(void *self, const struct dyn_call *call,
                           const struct dyn_change *changes, uint32_t n)
{
    const struct files *files = self;
    for (uint32_t i = 0; i < n; i++) {
        int64_t before = 0;
        if (dyn_is_over(call))
            return late(files);
        int failed = read_size(files, changes[i].name, &before);
        int64_t size = no_more_than(files->config->max, sparing(&changes[i], before));
        if (!failed && size != before)
            failed = write_size(files, changes[i].name, size);
        answer(files, i, changes[i].name, failed, size);
    }
    return DYN_OK;
}

static int32_t files_limit(void *self, const char *name)
{
    const struct files *files = self;
    (void)name;
    return files->config->max == DYN_ABSENT ? -1 : (int32_t)files->config->max;
}

/* Opening does no I/O: the first reading is the first look. */
static int32_t files_open(const struct dyn_host *host, const void *config, void **self)
{
    struct files *files = malloc(sizeof *files);
    if (files == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    *files = (struct files){host, config};
    *self = files;
    return DYN_OK;
}

static void files_close(void *self)
{
    free(self);
}

static const struct dyn_scaler scaler = {
    .size = sizeof scaler,
    .read = files_read,
    .apply = files_apply,
    .limit = files_limit,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "files", /* as the file's: files.so */
    .version = "1",
    .summary = "keeps sizes in the files of a folder",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .open = files_open,
    .close = files_close,
    .scaler = &scaler,
};
