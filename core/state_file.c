/* SPDX-License-Identifier: MIT */
#include "core/state_file.h"

#include "core/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void state_file_make_folder(const char *folder)
{
    char *path = memory_copy(folder);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    mkdir(path, 0755);
    free(path);
}

static int write_all(int fd, const struct text *text)
{
    for (size_t done = 0; done < text->length;) {
        ssize_t n = write(fd, text->chars + done, text->length - done);
        if (n < 0 && errno != EINTR)
            return -1;
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Writes a file whose text is on the disk before this returns. The daemon may be another user than
 * the person, whose umask must not keep it from reading. */
static int write_file(const char *path, const struct text *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return -1;
    bool is_written = fchmod(fd, 0644) == 0 && write_all(fd, text) == 0 && fsync(fd) == 0;
    int saved = errno;
    close(fd);
    errno = saved;
    return is_written ? 0 : -1;
}

/* Makes a rename last. */
static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

int state_file_replace(const char *folder, const char *name, const struct text *text,
                       struct error *error)
{
    char *path = memory_format("%s/%s", folder, name);
    char *next = memory_format("%s.new", path);
    int result = write_file(next, text);
    if (result == 0)
        result = rename(next, path);
    if (result != 0) {
        error_set(error, "cannot write %s: %s", path, strerror(errno));
        unlink(next);
    } else {
        sync_folder(folder);
    }
    free(next);
    free(path);
    return result;
}
