/* SPDX-License-Identifier: MIT
 * The state folder: where what must outlast the program is kept. */
#include "core/settings_read.h"

#include "core/memory.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The variable's path of a folder; NULL if it has none that could be one. */
static char *from_environment(const char *name, const char *below)
{
    const char *value = secure_getenv(name);
    if (value == NULL || value[0] != '/')
        return NULL;
    return memory_format("%.*s%s", (int)strcspn(value, ":"), value, below); /* systemd may list */
}

static char *from_passwd(void)
{
    const struct passwd *user = getpwuid(geteuid());
    return user != NULL && user->pw_dir[0] == '/'
               ? memory_format("%s/.local/state/dynomatic", user->pw_dir)
               : NULL;
}

/* As the manual has it. A daemon and a person who have the same user find the same folder. */
static char *usual_folder(void)
{
    char *folder = from_environment("STATE_DIRECTORY", "");
    if (folder == NULL && geteuid() == 0)
        return memory_copy("/var/lib/dynomatic");
    if (folder == NULL)
        folder = from_environment("XDG_STATE_HOME", "/dynomatic");
    if (folder == NULL)
        folder = from_environment("HOME", "/.local/state/dynomatic");
    return folder != NULL ? folder : from_passwd();
}

char *settings_read_state(struct config *config, const struct config_node *top)
{
    const struct config_node *node = config_get(top, "state");
    if (node == NULL || config_is_null(node))
        return usual_folder();
    if (config_text(node)[0] == '/')
        return memory_copy(config_text(node));
    if (!config_is_broken(node))
        config_mistake(config, node,
                       "state must be the path of a folder, from the root on, such as "
                       "/var/lib/dynomatic");
    return NULL;
}
