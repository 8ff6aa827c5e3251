/* SPDX-License-Identifier: MIT
 * Commands that are programs of their own, as those for authors of plugins: the daemon carries
 * nothing of them. They lie beside this program. */
#include "core/command.h"

#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The folder of this program, with a slash at its end. */
static int find_folder(struct text *folder)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0)
        return -1;
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    text_add_n(folder, self, slash != NULL ? (size_t)(slash + 1 - self) : 0);
    return 0;
}

int command_program(char **words)
{
    struct text path = {0};
    if (find_folder(&path) == 0) {
        text_add_format(&path, "dynomatic-%s", words[0]);
        execv(text_chars(&path), words);
    }
    fprintf(stderr, "dynomatic: cannot run %s: %s; is it installed beside dynomatic?\n",
            path.length > 0 ? text_chars(&path) : words[0], strerror(errno));
    text_fini(&path);
    return EXIT_FAILED;
}
