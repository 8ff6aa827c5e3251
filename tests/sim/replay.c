/* SPDX-License-Identifier: MIT
 * dynomatic replay with the plugins of stage.h, for what a simulation has recorded:
 *
 *     replay CONFIGURATION JOURNAL [--closed-loop]
 */
#include "core/command.h"
#include "tests/sim/stage.h"

#include <stdio.h>

/* Nothing is called here. */
void stage_asked(const char *side, const char *changes)
{
    (void)side;
    (void)changes;
}

void stage_killed(const char *host)
{
    (void)host;
}

int main(int argc, char **argv)
{
    struct command_line line = {.wants_closed_loop = argc > 3};
    if (argc < 3) {
        fputs("replay CONFIGURATION JOURNAL [--closed-loop]\n", stderr);
        return EXIT_USAGE;
    }
    line.config = argv[1];
    line.argument = argv[2];
    return command_replay(&line);
}
