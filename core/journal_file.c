/* SPDX-License-Identifier: MIT */
#include "core/journal_file.h"

#include "core/journal_read.h"
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
    int fd;             /* -1: it is not open */
    int64_t bytes;      /* in the file */
    int64_t first_ms;   /* when its first line was added, UTC; 0: it has none, or nobody knows */
    int64_t again_ms;   /* it does not make room before */
    bool is_broken_off; /* the last line has no end */
};

enum { AGAIN_MS = 60000 };

char *journal_file_before(const char *path, int64_t number)
{
    return memory_format("%s.%lld", path, (long long)number);
}

/* ---- Open ---- */

/* The time of the first line, which begins {"at":"2026-11-24T15:00:00.123Z". */
static int64_t read_first(int fd)
{
    static const char begin[] = "{\"at\":\"";
    enum { BEGIN = sizeof begin - 1, TIME = sizeof "2026-11-24T15:00:00.123Z" - 1 };
    char line[BEGIN + TIME + 1] = "";
    if (pread(fd, line, BEGIN + TIME, 0) != BEGIN + TIME || memcmp(line, begin, BEGIN) != 0)
        return 0;
    int64_t utc_ms = journal_parse_time(line + BEGIN);
    return utc_ms > 0 ? utc_ms : 0;
}

static void look_at(struct journal_file *file)
{
    struct stat about;
    char last = '\n';
    file->bytes = fstat(file->fd, &about) == 0 && S_ISREG(about.st_mode) ? about.st_size : 0;
    file->first_ms = read_first(file->fd);
    if (file->bytes > 0 && pread(file->fd, &last, 1, file->bytes - 1) != 1)
        last = '\n';
    file->is_broken_off = last != '\n';
}

static int open_file(struct journal_file *file, struct error *error)
{
    /* Whoever reads a pipe may come later, and must not hold us up. */
    file->fd =
        open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    int why = errno;
    if (file->fd < 0) {
        error_set(error, "cannot open the journal %s: %s", file->path, strerror(why));
        errno = why;
        return -1;
    }
    look_at(file);
    return 0;
}

static void close_file(struct journal_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
}

struct journal_file *journal_file_open(const char *path, struct journal_limits limits,
                                       struct error *error)
{
    struct journal_file *file = memory_new(1, sizeof *file);
    file->path = memory_copy(path);
    file->limits = limits;
    if (open_file(file, error) == 0 || errno == ENOSPC || errno == EDQUOT)
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
    close_file(file);
    free(file->path);
    free(file);
}

/* ---- Make room ---- */

/* FILE.1 becomes FILE.2 and so on, the oldest is gone. A step that fails costs old lines at most.
 */
static void shift(const struct journal_file *file)
{
    for (int64_t i = file->limits.keep; i >= 1; i--) {
        char *from = i > 1 ? journal_file_before(file->path, i - 1) : memory_copy(file->path);
        char *to = journal_file_before(file->path, i);
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
           (is_old || file->bytes + (int64_t)length > file->limits.most_bytes);
}

/* Whether the open file is no longer the one of that name. */
static bool is_gone(const struct journal_file *file)
{
    struct stat open, named;
    return stat(file->path, &named) != 0 || fstat(file->fd, &open) != 0 ||
           named.st_ino != open.st_ino || named.st_dev != open.st_dev;
}

static int make_room(struct journal_file *file, size_t length, int64_t utc_ms, struct error *error)
{
    if (file->fd >= 0 && is_gone(file))
        close_file(file);
    if (file->fd < 0 && open_file(file, error) != 0)
        return -1;
    if (!is_full(file, length, utc_ms))
        return 0;
    close_file(file);
    shift(file);
    int result = open_file(file, error);
    if (file->bytes > 0) /* it is the same one */
        file->again_ms = utc_ms + AGAIN_MS;
    return result;
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

static void read_from(FILE *file, off_t from, struct text *out)
{
    char chunk[65536];
    size_t n;
    fseeko(file, from, SEEK_SET);
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        text_add_n(out, chunk, n);
}

/* Without what stands before the first line break, if the text begins within a line, and after the
 * last. */
static void add_whole_lines(const struct text *all, bool is_cut, struct text *out)
{
    const char *chars = text_chars(all);
    const char *first = is_cut ? memchr(chars, '\n', all->length) : NULL;
    const char *last = memrchr(chars, '\n', all->length);
    const char *begin = first != NULL ? first + 1 : chars;
    if (last != NULL && last >= begin)
        text_add_n(out, begin, (size_t)(last - begin) + 1);
}

int journal_file_tail(const char *path, size_t most_bytes, struct text *out, struct error *error)
{
    struct stat about;
    struct text all = {0};
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return 0; /* a pipe or a terminal has no past */
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? 0 : error_set(error, "cannot read %s: %s", path, strerror(errno));
    fseeko(file, 0, SEEK_END);
    off_t size = ftello(file);
    bool is_cut = size > (off_t)most_bytes;
    read_from(file, is_cut ? size - (off_t)most_bytes : 0, &all);
    fclose(file);
    add_whole_lines(&all, is_cut, out);
    text_fini(&all);
    return 0;
}
