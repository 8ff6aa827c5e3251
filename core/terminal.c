/* SPDX-License-Identifier: MIT */
#include "core/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_has_colours(int fd)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *kind = getenv("TERM");
    return isatty(fd) && (no_colour == NULL || no_colour[0] == '\0') && kind != NULL &&
           strcmp(kind, "dumb") != 0;
}
