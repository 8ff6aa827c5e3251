/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/procfile.h"

#include "core/memory.h"
#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool procfile_is_type(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
            return false;
    return length >= 1 && length <= 128;
}

const char *procfile_command(const struct procfile *procfile, const char *type)
{
    for (size_t i = 0; i < procfile->n; i++)
        if (strcmp(procfile->lines[i].type, type) == 0)
            return procfile->lines[i].command;
    return NULL;
}

char *procfile_types(const struct procfile *procfile)
{
    struct text types = {0};
    for (size_t i = 0; i < procfile->n; i++)
        text_add_format(&types, "%s%s", i > 0 ? ", " : "", procfile->lines[i].type);
    return text_take(&types);
}

static void add(struct procfile *procfile, char *type, const char *command)
{
    procfile->lines = memory_resize(procfile->lines, procfile->n + 1, sizeof *procfile->lines);
    procfile->lines[procfile->n++] = (struct procfile_line){type, memory_copy(command)};
}

/* One line without blanks at its ends. */
static int read_line(struct procfile *procfile, const char *file, size_t number, const char *line,
                     struct error *error)
{
    if (*line == '\0' || *line == '#')
        return 0;
    size_t length = strcspn(line, ": \t");
    const char *colon = line + length + strspn(line + length, " \t");
    if (*colon != ':' || !procfile_is_type(line, length))
        return error_set(error,
                         "%s:%zu: \"%s\" is not of the form TYPE: COMMAND (a type has letters, "
                         "digits, - and _)",
                         file, number, line);
    const char *command = colon + 1 + strspn(colon + 1, " \t");
    char *type = memory_copy_n(line, length);
    if (*command != '\0' && procfile_command(procfile, type) == NULL) {
        add(procfile, type, command);
        return 0;
    }
    error_set(error,
              *command == '\0' ? "%s:%zu: the type %s has no command"
                               : "%s:%zu: the type %s is there twice",
              file, number, type);
    free(type);
    return -1;
}

static char *trim(char *line)
{
    line += strspn(line, " \t");
    size_t length = strlen(line);
    while (length > 0 && isspace((unsigned char)line[length - 1]))
        line[--length] = '\0';
    return line;
}

static int read_lines(struct procfile *procfile, const char *file, FILE *stream,
                      struct error *error)
{
    char *line = NULL;
    size_t room = 0;
    int result = 0;
    for (size_t number = 1; result == 0 && getline(&line, &room, stream) >= 0; number++)
        result = read_line(procfile, file, number, trim(line), error);
    if (result == 0 && ferror(stream))
        result = error_set(error, "cannot read %s: %s", file, strerror(errno));
    free(line);
    return result;
}

static char *folder_of(const char *file)
{
    char *copy = memory_copy(file);
    char *folder = realpath(dirname(copy), NULL);
    free(copy);
    return folder;
}

int procfile_read(struct procfile *procfile, const char *file, struct error *error)
{
    *procfile = (struct procfile){0};
    FILE *stream = fopen(file, "re");
    if (stream == NULL)
        return error_set(error, "cannot read the Procfile %s: %s", file, strerror(errno));
    int result = read_lines(procfile, file, stream, error);
    fclose(stream);
    if (result == 0 && procfile->n == 0)
        result = error_set(error, "%s: no process type; write one as TYPE: COMMAND", file);
    if (result == 0 && (procfile->folder = folder_of(file)) == NULL)
        result = error_set(error, "cannot find the folder of %s: %s", file, strerror(errno));
    return result;
}

void procfile_fini(struct procfile *procfile)
{
    for (size_t i = 0; i < procfile->n; i++) {
        free(procfile->lines[i].type);
        free(procfile->lines[i].command);
    }
    free(procfile->lines);
    free(procfile->folder);
    *procfile = (struct procfile){0};
}
