/* SPDX-License-Identifier: MIT */
#include "core/plugin_file.h"

#include "core/memory.h"
#include "core/plugin.h"
#include "core/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENDING ".so"

/* ---- Where plugins lie ---- */

char *plugin_folders(void)
{
    const char *more = secure_getenv("DYNOMATIC_PLUGIN_PATH");
    if (more == NULL || more[0] == '\0')
        return memory_copy(PLUGIN_FOLDER);
    return memory_format("%s:%s", more, PLUGIN_FOLDER);
}

/* Takes the next folder off a list that strsep() may cut; NULL after the last. An empty one is no
 * folder: taken as the working directory it would load what anybody left there. */
static const char *next_folder(char **folders)
{
    const char *folder = strsep(folders, ":");
    while (folder != NULL && folder[0] == '\0')
        folder = strsep(folders, ":");
    return folder;
}

static char *find_in_folders(const char *name)
{
    char *folders = plugin_folders();
    char *rest = folders;
    char *path = NULL;
    const char *folder;
    while (path == NULL && name[0] != '\0' && (folder = next_folder(&rest)) != NULL) {
        path = memory_format("%s/%s" ENDING, folder, name);
        if (access(path, F_OK) < 0) {
            free(path);
            path = NULL;
        }
    }
    free(folders);
    return path;
}

static int refuse_unfound(const char *name, struct error *error)
{
    size_t n;
    char **names = plugin_names(&n);
    char *folders = plugin_folders();
    struct text found = {0};
    for (size_t i = 0; i < n; i++)
        text_add_format(&found, "%s%s", i > 0 ? ", " : "", names[i]);
    struct text meant = {0};
    if (text_add_meant(&meant, name, (const char *const *)names, n) > 0)
        text_add_format(&found, " (did you mean %s?)", text_chars(&meant));
    text_fini(&meant);
    error_set(error, "plugin \"%s\" not found; searched %s; found there: %s", name, folders,
              n > 0 ? text_chars(&found) : "none");
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
    free(folders);
    text_fini(&found);
    return -1;
}

char *plugin_file_find(const char *name, struct error *error)
{
    if (strchr(name, '/') == NULL) {
        char *path = find_in_folders(name);
        if (path == NULL)
            refuse_unfound(name, error);
        return path;
    }
    if (access(name, F_OK) == 0)
        return memory_copy(name);
    error_set(error, "plugin \"%s\" not found: %s", name, strerror(errno));
    return NULL;
}

char *plugin_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t length = strlen(base);
    size_t ending = strlen(ENDING);
    if (length > ending && strcmp(base + length - ending, ENDING) == 0)
        length -= ending;
    return memory_copy_n(base, length);
}

/* ---- What lies there ---- */

struct names {
    char **items;
    size_t n;
};

static bool ends_as_plugin(const char *file)
{
    size_t length = strlen(file);
    size_t ending = strlen(ENDING);
    return length > ending && strcmp(file + length - ending, ENDING) == 0;
}

static void add_name(struct names *names, char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->items[i], name) == 0) {
            free(name);
            return;
        }
    names->items = memory_resize(names->items, names->n + 1, sizeof *names->items);
    names->items[names->n++] = name;
}

static void add_folder(struct names *names, const char *folder)
{
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return; /* a folder that is not there holds no plugins */
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        if (ends_as_plugin(entry->d_name))
            add_name(names, plugin_file_name(entry->d_name));
    closedir(directory);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **plugin_names(size_t *n)
{
    struct names names = {memory_new(1, sizeof *names.items), 0};
    char *folders = plugin_folders();
    char *rest = folders;
    const char *folder;
    while ((folder = next_folder(&rest)) != NULL)
        add_folder(&names, folder);
    free(folders);
    qsort(names.items, names.n, sizeof *names.items, by_name);
    *n = names.n;
    return names.items;
}

/* ---- Who could have put it there ---- */

/* Whose files are loaded: root's, and the user's own. A program that was lent privileges its user
 * does not have (setuid, setgid, capabilities) lends them to nothing that is the user's. */
static bool is_trusted(uid_t owner)
{
    return owner == 0 || (owner == geteuid() && getauxval(AT_SECURE) == 0);
}

static int check_rights(const char *what, const char *path, const struct stat *status,
                        struct error *error)
{
    if (!is_trusted(status->st_uid))
        return error_set(error, "%s belongs to user %u, who could replace it: chown root %s", what,
                         (unsigned)status->st_uid, path);
    if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return error_set(error, "others may write to %s, and so replace it: chmod go-w %s", what,
                         path);
    return 0;
}

/* The folder of a path, which the caller frees; NULL of the topmost. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return memory_copy(".");
    if (slash == path)
        return path[1] == '\0' ? NULL : memory_copy("/");
    return memory_copy_n(path, (size_t)(slash - path));
}

/* Whether two paths lead to the same folder. */
static bool is_same_folder(const char *a, const char *b)
{
    char *left = realpath(a, NULL);
    char *right = realpath(b, NULL);
    bool is_same = left != NULL && right != NULL && strcmp(left, right) == 0;
    free(left);
    free(right);
    return is_same;
}

/* A program that is not installed yet has its plugins beside it, where libtool puts them. */
bool plugin_file_is_installed(const char *path)
{
    char *program = realpath("/proc/self/exe", NULL);
    char *own = folder_of(program != NULL ? program : "");
    char *built = memory_format("%s/.libs", own != NULL ? own : "");
    char *folder = folder_of(path);
    bool is_installed =
        folder != NULL && (is_same_folder(folder, PLUGIN_FOLDER) || is_same_folder(folder, built));
    free(program);
    free(own);
    free(built);
    free(folder);
    return is_installed;
}

static int look_at(const char *folder, struct stat *status, struct error *error)
{
    if (stat(folder, status) == 0)
        return 0;
    return error_set(error, "cannot look at its folder %s: %s", folder, strerror(errno));
}

/* Whoever may rename a folder decides what lies below it. A sticky bit, as that of /tmp, leaves
 * that to who owns the folder. Owners and groups of the folders above are who a person has chosen
 * to keep files with (a checkout in a container often is somebody else's), so that only what
 * everybody may write is refused; a program that was lent privileges goes by them as well. Who
 * could replace the installation's own folder could replace this program, so nothing above it is
 * looked at; nor above a relative path, which comes again resolved. */
static int check_above(const char *folder, struct error *error)
{
    bool is_top = folder[0] != '/' || strcmp(folder, PLUGIN_FOLDER) == 0;
    char *above = is_top ? NULL : folder_of(folder);
    struct stat status;
    if (above == NULL)
        return 0;
    int result = check_above(above, error) < 0 ? -1 : look_at(above, &status, error);
    bool is_lent = getauxval(AT_SECURE) != 0;
    if (result == 0 && (status.st_mode & S_ISVTX) != 0)
        status.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
    if (result == 0 && (is_lent || (status.st_mode & S_IWOTH) != 0))
        result = check_rights("a folder above it", above, &status, error);
    free(above);
    return result;
}

/* A folder like /tmp, where everybody may add files, is refused in spite of its sticky bit: what
 * lies there under this name may be anybody's. */
static int check_folder(const char *path, struct error *error)
{
    char *folder = folder_of(path);
    struct stat status;
    int result = check_above(folder, error) < 0 ? -1 : look_at(folder, &status, error);
    if (result == 0)
        result = check_rights("its folder", folder, &status, error);
    free(folder);
    return result;
}

/* From the top down: once nobody else can change the folders, the file that is looked at here is
 * the one that is loaded later, without holding it open in between. */
int plugin_file_check(const char *path, struct error *error)
{
    struct stat status;
    if (check_folder(path, error) < 0)
        return -1;
    if (stat(path, &status) < 0)
        return error_set(error, "cannot look at it: %s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, "it is not a file");
    return check_rights("the file", path, &status, error);
}
