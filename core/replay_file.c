/* SPDX-License-Identifier: MIT */
#include "core/replay_file.h"

#include "core/memory.h"
#include "core/reading.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct replay_file {
    char *path;
    int before; /* the number of the file that is read: n, ... 1, 0; -1: all are */
    FILE *open; /* the one that is read; NULL: the next is to be opened */
    char *line;
    size_t room;
    bool is_csv;
    bool has_busy;
    int64_t bad_lines;
};

/* ---- Files ---- */

static char *path_of(const struct replay_file *file, int number)
{
    return number > 0 ? memory_format("%s.%d", file->path, number) : memory_copy(file->path);
}

static int open_next(struct replay_file *file, struct error *error)
{
    char *path = path_of(file, file->before);
    file->open = fopen(path, "re");
    int result = 0;
    if (file->open == NULL)
        result = error_set(error, "cannot read %s: %s", path, strerror(errno));
    free(path);
    return result;
}

static void close_open(struct replay_file *file)
{
    fclose(file->open);
    file->open = NULL;
}

static void count_before(struct replay_file *file)
{
    bool is_there = true;
    while (is_there) {
        char *path = path_of(file, file->before + 1);
        is_there = access(path, F_OK) == 0;
        file->before += is_there;
        free(path);
    }
}

/* Length of the next line without its line break; -1 at the end of the file. */
static ssize_t read_line(struct replay_file *file)
{
    ssize_t n = getline(&file->line, &file->room, file->open);
    while (n > 0 && (file->line[n - 1] == '\n' || file->line[n - 1] == '\r'))
        file->line[--n] = '\0';
    return n;
}

/* ---- Times ---- */

/* What is left out is added: "2026-11-24", "2026-11-24 15:00", "2026-11-24T15:00:00". */
static bool parse_date(const char *text, int64_t *utc_ms)
{
    static const char least[] = "0000-00-00T00:00:00";
    char whole[40];
    size_t length = strlen(text);
    length -= length > 0 && text[length - 1] == 'Z';
    if (length < 10 || length > 30)
        return false;
    int n = snprintf(whole, sizeof whole, "%.*s", (int)length, text);
    snprintf(whole + n, sizeof whole - (size_t)n, "%sZ",
             length < sizeof least ? least + length : "");
    if (whole[10] == ' ')
        whole[10] = 'T';
    *utc_ms = journal_parse_time(whole);
    return *utc_ms >= 0;
}

bool replay_parse_time(const char *text, int64_t *utc_ms)
{
    char *end;
    double s = strtod(text, &end);
    if (end == text || *end != '\0')
        return parse_date(text, utc_ms);
    bool is_good = s > 0 && s < 1e11;
    *utc_ms = is_good ? llround(s * 1000) : 0;
    return is_good;
}

/* ---- CSV ---- */

static struct value parse_value(const char *text)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    return end != text && *end == '\0' && number >= 0 ? (struct value){number, KNOWN_EXACT}
                                                      : VALUE_UNKNOWN;
}

static enum journal_kind read_row(const struct replay_file *file, struct journal_decision *line)
{
    char *rest = file->line;
    const char *time = strsep(&rest, ",");
    const char *waiting = strsep(&rest, ",");
    const char *busy = strsep(&rest, ",");
    int64_t utc_ms;
    *line = (struct journal_decision){.asked = -1, .decision.size = -1, .inputs.present = -1};
    line->inputs.reading = READING_NONE;
    if (!replay_parse_time(time, &utc_ms) || waiting == NULL || (file->has_busy && busy == NULL))
        return JOURNAL_BAD;
    line->utc_ms = line->inputs.now_ms = line->inputs.reading.at_ms = utc_ms;
    line->inputs.reading.waiting = parse_value(waiting);
    line->inputs.reading.busy = file->has_busy ? parse_value(busy) : VALUE_UNKNOWN;
    return waiting[0] != '\0' && line->inputs.reading.waiting.doubt == KNOWN_NOT ? JOURNAL_BAD
                                                                                 : JOURNAL_DECISION;
}

/* A CSV is told by its first line. */
static void look_at_start(struct replay_file *file)
{
    if (read_line(file) >= 0) {
        file->has_busy = strcmp(file->line, "time,waiting,busy") == 0;
        file->is_csv = file->has_busy || strcmp(file->line, "time,waiting") == 0;
    }
    if (file->is_csv)
        file->before = 0;
    else
        rewind(file->open);
}

/* ---- Both ---- */

struct replay_file *replay_file_open(const char *path, struct error *error)
{
    struct replay_file *file = memory_new(1, sizeof *file);
    file->path = memory_copy(path);
    if (open_next(file, error) != 0) {
        replay_file_close(file);
        return NULL;
    }
    look_at_start(file);
    if (!file->is_csv) {
        close_open(file);
        count_before(file);
    }
    return file;
}

void replay_file_close(struct replay_file *file)
{
    if (file == NULL)
        return;
    if (file->open != NULL)
        fclose(file->open);
    free(file->line);
    free(file->path);
    free(file);
}

bool replay_file_is_csv(const struct replay_file *file)
{
    return file->is_csv;
}

int replay_file_next(struct replay_file *file, struct journal_decision *line, struct error *error)
{
    while (file->before >= 0) {
        if (file->open == NULL && open_next(file, error) != 0)
            return -1;
        ssize_t length = read_line(file);
        if (length < 0 && ferror(file->open))
            return error_set(error, "cannot read %s: %s", file->path, strerror(errno));
        if (length < 0) {
            close_open(file);
            file->before--;
            continue;
        }
        if (length == 0)
            continue;
        line->kind =
            file->is_csv ? read_row(file, line) : journal_read(file->line, (size_t)length, line);
        if (line->kind != JOURNAL_BAD)
            return 1;
        file->bad_lines++;
    }
    return 0;
}

int64_t replay_file_bad_lines(const struct replay_file *file)
{
    return file->bad_lines;
}
