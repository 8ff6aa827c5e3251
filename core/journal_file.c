/* SPDX-License-Identifier: MIT */
#include "core/journal_file.h"

#include "core/journal_line.h"
#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct journal_file {
    char *path;
    struct journal_limits limits;
    int fd;             /* -1: it could not be opened again after it made room */
    int64_t bytes;      /* in the file */
    int64_t first_ms;   /* when its first line was added, as far as is known; 0: it has none */
    int64_t again_ms;   /* it does not make room before */
    bool is_broken_off; /* the last line has no end */
};

enum { AGAIN_MS = 60000 };

/* ---- Open ---- */

/* When the first line was written, as it begins with that; 0: it does not say. */
static int64_t first_time(int fd)
{
    char head[sizeof "{\"at\":\"2026-11-24T15:00:00.123Z"] = "";
    ssize_t n = pread(fd, head, sizeof head - 1, 0);
    int64_t utc_ms = n == (ssize_t)sizeof head - 1 ? journal_parse_time(head + 7) : -1;
    return utc_ms > 0 ? utc_ms : 0;
}

static void look_at_end(struct journal_file *file)
{
    struct stat about;
    char last = '\n';
    file->bytes = fstat(file->fd, &about) == 0 && S_ISREG(about.st_mode) ? about.st_size : 0;
    file->first_ms = file->bytes > 0 ? first_time(file->fd) : 0;
    if (file->bytes > 0 && pread(file->fd, &last, 1, file->bytes - 1) != 1)
        last = '\n';
    file->is_broken_off = last != '\n';
}

static int open_file(struct journal_file *file, struct error *error)
{
    /* Whoever reads a pipe may come later, and must not hold us up. */
    file->fd =
        open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (file->fd < 0)
        return error_set(error, "cannot open the journal %s: %s", file->path, strerror(errno));
    look_at_end(file);
    return 0;
}

struct journal_file *journal_file_open(const char *path, struct journal_limits limits,
                                       struct error *error)
{
    struct journal_file *file = memory_new(1, sizeof *file);
    file->path = memory_copy(path);
    file->limits = limits;
    if (open_file(file, error) == 0)
        return file;
    journal_file_close(file);
    return NULL;
}

int journal_file_check(const char *path, struct error *error)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? memory_copy(".")
                   : slash == path ? memory_copy("/")
                                   : memory_copy_n(path, (size_t)(slash - path));
    struct stat about;
    bool is_there = stat(path, &about) == 0;
    int result = is_there && S_ISDIR(about.st_mode) ? (errno = EISDIR, -1)
                 : is_there                         ? access(path, W_OK)
                                                    : access(folder, W_OK | X_OK);
    if (result != 0)
        error_set(error, "cannot open the journal %s: %s", path, strerror(errno));
    free(folder);
    return result;
}

void journal_file_close(struct journal_file *file)
{
    if (file == NULL)
        return;
    if (file->fd >= 0)
        close(file->fd);
    free(file->path);
    free(file);
}

/* ---- Make room ---- */

/* FILE.1 becomes FILE.2 and so on, the oldest is gone. A step that fails costs old lines at most.
 */
static void shift(const struct journal_file *file)
{
    for (int64_t i = file->limits.keep; i >= 1; i--) {
        char *from = i > 1 ? memory_format("%s.%lld", file->path, (long long)i - 1)
                           : memory_copy(file->path);
        char *to = memory_format("%s.%lld", file->path, (long long)i);
        rename(from, to);
        free(from);
        free(to);
    }
    if (file->limits.keep == 0)
        unlink(file->path);
}

static bool is_full(const struct journal_file *file, size_t length, int64_t utc_ms)
{
    bool is_old = file->first_ms != 0 && utc_ms - file->first_ms > file->limits.most_age_ms;
    return file->bytes > 0 && utc_ms >= file->again_ms &&
           (file->bytes + (int64_t)length > file->limits.most_bytes || is_old);
}

static int make_room(struct journal_file *file, size_t length, int64_t utc_ms, struct error *error)
{
    if (file->fd >= 0 && !is_full(file, length, utc_ms))
        return 0;
    if (file->fd >= 0) {
        file->again_ms = utc_ms + AGAIN_MS; /* if it does not become a new one */
        close(file->fd);
        shift(file);
    }
    return open_file(file, error);
}

/* ---- Add ---- */

static int put(struct journal_file *file, const char *chars, size_t length, struct error *error)
{
    ssize_t done;
    do
        done = write(file->fd, chars, length);
    while (done < 0 && errno == EINTR);
    if (done > 0)
        file->bytes += done;
    if (done == (ssize_t)length) {
        file->is_broken_off = false;
        return 0;
    }
    file->is_broken_off = file->is_broken_off || done > 0;
    return error_set(error, "cannot write to the journal %s: %s", file->path,
                     done < 0 ? strerror(errno) : "no space left for a whole line");
}

int journal_file_add(struct journal_file *file, const char *line, size_t length, int64_t utc_ms,
                     struct error *error)
{
    if (make_room(file, length, utc_ms, error) != 0)
        return -1;
    if (file->is_broken_off && put(file, "\n", 1, error) != 0)
        return -1;
    if (file->first_ms == 0)
        file->first_ms = utc_ms;
    return put(file, line, length, error);
}

/* ---- Read ---- */

int journal_file_tail(const char *path, size_t most_bytes, struct text *out, struct error *error)
{
    char chunk[65536];
    struct stat about;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return 0; /* a pipe or a terminal has no past */
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? 0 : error_set(error, "cannot read %s: %s", path, strerror(errno));
    fseeko(file, 0, SEEK_END);
    off_t size = ftello(file);
    bool is_cut = size > (off_t)most_bytes;
    fseeko(file, is_cut ? size - (off_t)most_bytes : 0, SEEK_SET);
    struct text all = {0};
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        text_add_n(&all, chunk, n);
    fclose(file);
    const char *first = text_chars(&all);
    const char *first_end = memchr(first, '\n', all.length);
    size_t skipped = !is_cut ? 0 : first_end != NULL ? (size_t)(first_end - first) + 1 : all.length;
    const char *last_end = memrchr(first, '\n', all.length);
    size_t end = last_end != NULL ? (size_t)(last_end - first) + 1 : 0;
    if (end > skipped)
        text_add_n(out, first + skipped, end - skipped);
    text_fini(&all);
    return 0;
}
