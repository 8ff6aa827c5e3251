/* SPDX-License-Identifier: MIT
 * dynomatic hold, release, pause, resume: what people decide by hand. Of the configuration they
 * need the names of the pools and the state folder, and so work also where the rest has mistakes,
 * such as a variable that only the daemon has. */
#include "core/command.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/option.h"
#include "core/override_file.h"
#include "core/table.h"
#include "core/terminal.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A command as it runs. */
struct task {
    const struct command_line *line;
    struct config *config;
    char *folder;
    char **pools; /* the names in the file */
    size_t n_pools;
    struct override_list list;
    int64_t utc_ms;
    struct text out;
};

static int fail(const struct error *error, int status)
{
    fprintf(stderr, "dynomatic: %s\n", error->text);
    return status;
}

/* ---- The configuration ---- */

static void add_pool(struct task *task, const char *name)
{
    task->pools = memory_resize(task->pools, task->n_pools + 1, sizeof *task->pools);
    task->pools[task->n_pools++] = memory_copy(name);
}

static void take_pools(struct task *task, const struct config_node *top)
{
    const struct config_node *pools = config_get(top, "pools");
    for (size_t i = 0; pools != NULL && i < config_count(pools); i++)
        if (config_kind(pools) == CONFIG_MAP)
            add_pool(task, config_key(pools, i));
    if (task->n_pools == 0)
        add_pool(task, "worker");
}

static int take_config(struct task *task, struct config *config)
{
    struct text mistakes = {0};
    const struct config_node *top = config_root(config);
    if (top != NULL) {
        take_pools(task, top);
        task->folder = settings_read_state(config, top);
    }
    if (task->folder == NULL)
        config_print_mistakes(config, &mistakes);
    fputs(text_chars(&mistakes), stderr);
    bool is_told = mistakes.length > 0;
    text_fini(&mistakes);
    if (task->folder == NULL && !is_told)
        fputs("dynomatic: there is no state folder: name one in the file, with state: "
              "/var/lib/dynomatic\n",
              stderr);
    return task->folder != NULL ? EXIT_DONE : EXIT_USAGE;
}

static int read_config(struct task *task)
{
    struct text mistakes = {0};
    task->config = command_read_config(task->line, &mistakes);
    fputs(text_chars(&mistakes), stderr);
    text_fini(&mistakes);
    return task->config != NULL ? take_config(task, task->config) : EXIT_USAGE;
}

static bool is_pool(const struct task *task, const char *name)
{
    for (size_t i = 0; i < task->n_pools; i++)
        if (strcmp(task->pools[i], name) == 0)
            return true;
    return false;
}

static int unknown_pool(const struct task *task, const char *name)
{
    return command_unknown_pool(name, (const char *const *)task->pools, task->n_pools);
}

/* The daemon may look elsewhere, as another user: so people are told. */
static void tell_path(struct task *task, const char *before)
{
    char *path = override_path(task->folder);
    text_add_format(&task->out, "%s %s\n", before, path);
    free(path);
}

/* ---- The list ---- */

static void add_row(const struct task *task, const struct override *override, struct table *table)
{
    struct text text = {0};
    table_cell(table, "%s", override->pool);
    override_add_state(override, &text);
    table_cell(table, "%s", text_chars(&text));
    text_clear(&text);
    override_add_end(override, task->utc_ms, &text);
    table_cell(table, "%s", text_chars(&text));
    table_cell(table, "%s", override->who);
    table_cell(table, "%s",
               is_pool(task, override->pool) ? override->why : "(no pool of the configuration)");
    text_fini(&text);
}

static void print_table(struct task *task)
{
    struct table table;
    table_init(&table, 5);
    table_cell(&table, "POOL");
    table_cell(&table, "IS");
    table_cell(&table, "UNTIL");
    table_cell(&table, "BY");
    table_cell(&table, "WHY");
    for (size_t i = 0; i < task->list.n; i++)
        add_row(task, &task->list.all[i], &table);
    table_print(&table, terminal_has_colours(STDOUT_FILENO), &task->out);
    table_fini(&table);
}

static int list_all(struct task *task)
{
    struct error error = {""};
    struct stat seen;
    if (override_read(task->folder, &task->list, &seen, &error) != 0)
        return fail(&error, EXIT_FAILED);
    override_list_expire(&task->list, task->utc_ms);
    if (task->line->wants_json)
        override_print(&task->list, &task->out);
    else if (task->list.n > 0)
        print_table(task);
    else
        tell_path(task, "nothing is held or paused, says");
    return EXIT_DONE;
}

/* ---- Life ---- */

/* Does something to the overrides under the lock, and writes them if that was EXIT_DONE. */
static int change(struct task *task, int (*what)(struct task *task))
{
    struct error error = {""};
    struct stat seen;
    int lock = override_lock(task->folder, &error);
    if (lock < 0)
        return fail(&error, EXIT_FAILED);
    int status = EXIT_FAILED;
    if (override_read(task->folder, &task->list, &seen, &error) != 0) {
        fail(&error, status);
    } else {
        override_list_expire(&task->list, task->utc_ms);
        status = what(task);
        if (status == EXIT_DONE && override_write(task->folder, &task->list, &error) != 0)
            status = fail(&error, EXIT_FAILED);
        tell_path(task, "written to");
    }
    close(lock);
    return status;
}

/* Runs a command: `what` changes something; NULL lists. */
static int run(const struct command_line *line, int (*what)(struct task *task))
{
    log_init(line->is_verbose ? LOG_DEBUG : LOG_WARN);
    struct task task = {.line = line, .utc_ms = clock_utc_ms()};
    int status = read_config(&task);
    if (status == EXIT_DONE)
        status = what != NULL ? change(&task, what) : list_all(&task);
    if (status == EXIT_DONE)
        status = command_print(&task.out);
    for (size_t i = 0; i < task.n_pools; i++)
        free(task.pools[i]);
    free(task.pools);
    free(task.folder);
    config_free(task.config);
    override_list_fini(&task.list);
    text_fini(&task.out);
    return status;
}

/* ---- What was typed ---- */

struct typed {
    int64_t size;
    int64_t duration_ms;
};

static const struct dyn_option size_row = {
    "the size", NULL, "0..100000", NULL, NULL, DYN_INTEGER, 0, offsetof(struct typed, size), 0};
static const struct dyn_option duration_row = {
    "--for", NULL, "1s..365d", NULL, NULL, DYN_DURATION, 0, offsetof(struct typed, duration_ms), 0};

/* Who types: also behind sudo. */
static char *login_name(void)
{
    char name[256];
    const char *sudo = getenv("SUDO_USER");
    if (getlogin_r(name, sizeof name) == 0 && name[0] != '\0' && override_is_text(name))
        return memory_copy(name);
    if (getuid() == 0 && sudo != NULL && sudo[0] != '\0' && override_is_text(sudo))
        return memory_copy(sudo);
    const struct passwd *user = getpwuid(getuid());
    if (user != NULL && override_is_text(user->pw_name))
        return memory_copy(user->pw_name);
    return memory_format("uid %u", (unsigned)getuid());
}

/* Fills what all pools that it is said of have in common. */
static int read_typed(const struct task *task, struct override *override)
{
    const struct command_line *line = task->line;
    struct typed typed = {0, 0};
    struct error error = {""};
    if (line->second != NULL && option_set(&size_row, &line->second, 1, &typed, &error) != 0)
        return fail(&error, EXIT_USAGE);
    if (line->duration != NULL &&
        option_set(&duration_row, &line->duration, 1, &typed, &error) != 0)
        return fail(&error, EXIT_USAGE);
    if (line->why != NULL && !override_is_text(line->why)) {
        error_set(&error, "--why must be one line of at most 500 bytes");
        return fail(&error, EXIT_USAGE);
    }
    int64_t now_ms = (task->utc_ms + 999) / 1000 * 1000; /* the file has whole seconds */
    override->size = (int32_t)typed.size;
    override->since_ms = now_ms;
    override->until_ms = line->duration != NULL ? now_ms + typed.duration_ms : OVERRIDE_ENDLESS;
    override->why = memory_copy(line->why != NULL ? line->why : "");
    override->who = login_name();
    return EXIT_DONE;
}

/* ---- What holds then ---- */

static void tell_pool(struct task *task, const char *pool)
{
    bool is_free = true;
    for (int kind = OVERRIDE_KINDS - 1; kind >= 0; kind--) {
        const struct override *override =
            override_list_find(&task->list, pool, (enum override_kind)kind, task->utc_ms);
        if (override == NULL)
            continue;
        text_add_format(&task->out, "%s: ", pool);
        override_add(override, task->utc_ms, &task->out);
        text_add(&task->out, "\n");
        is_free = false;
    }
    if (is_free)
        text_add_format(&task->out, "%s: its rules decide\n", pool);
}

/* The pool's max; 0: it has none, or not one that can be read. */
static long max_of(const struct task *task, const char *pool)
{
    const struct config_node *top = config_root(task->config);
    const struct config_node *own = config_get(config_get(top, "pools"), pool);
    const struct config_node *max = config_get(own, "max");
    if (max == NULL)
        max = config_get(top, "max");
    return max != NULL ? strtol(config_text(max), NULL, 10) : 0;
}

static void tell_max(struct task *task, const char *pool, int32_t size)
{
    long max = max_of(task, pool);
    if (max > 0 && size > max)
        text_add_format(&task->out,
                        "%s: its max is %ld, which does not bound what a person asks for\n", pool,
                        max);
}

static int set(struct task *task, const char *pool, const struct override *common)
{
    struct override override = override_copy(common);
    free(override.pool);
    override.pool = memory_copy(pool);
    override_list_put(&task->list, override);
    tell_pool(task, pool);
    if (common->kind == OVERRIDE_HOLD)
        tell_max(task, pool, common->size);
    return EXIT_DONE;
}

/* Sets it for the pool that was named, or for all. */
static int put(struct task *task, enum override_kind kind)
{
    const char *pool = task->line->argument;
    struct override common = {.pool = memory_copy(""), .kind = kind};
    int status = pool == NULL || is_pool(task, pool) ? EXIT_DONE : unknown_pool(task, pool);
    if (status == EXIT_DONE)
        status = read_typed(task, &common);
    for (size_t i = 0; i < task->n_pools && status == EXIT_DONE; i++)
        if (pool == NULL || strcmp(task->pools[i], pool) == 0)
            set(task, task->pools[i], &common);
    override_fini(&common);
    return status;
}

static int not_so(const char *pool, enum override_kind kind)
{
    fprintf(stderr, "dynomatic: %s is not %s\n", pool, override_state(kind));
    return EXIT_FAILED;
}

/* Ends it for one pool, which the file of overrides may know longer than the configuration. */
static int end_one(struct task *task, const char *pool, enum override_kind kind)
{
    if (!override_list_remove(&task->list, pool, kind))
        return is_pool(task, pool) ? not_so(pool, kind) : unknown_pool(task, pool);
    tell_pool(task, pool);
    return EXIT_DONE;
}

/* ---- The commands ---- */

static int do_hold(struct task *task)
{
    return put(task, OVERRIDE_HOLD);
}

static int do_release(struct task *task)
{
    return end_one(task, task->line->argument, OVERRIDE_HOLD);
}

static int do_pause(struct task *task)
{
    return put(task, OVERRIDE_PAUSE);
}

static int resume_all(struct task *task)
{
    bool was_paused = false;
    for (size_t i = task->list.n; i > 0; i--) {
        if (task->list.all[i - 1].kind != OVERRIDE_PAUSE)
            continue;
        char *pool = memory_copy(task->list.all[i - 1].pool);
        end_one(task, pool, OVERRIDE_PAUSE);
        free(pool);
        was_paused = true;
    }
    if (was_paused)
        return EXIT_DONE;
    fputs("dynomatic: nothing is paused\n", stderr);
    return EXIT_FAILED;
}

static int do_resume(struct task *task)
{
    const char *pool = task->line->argument;
    return pool != NULL ? end_one(task, pool, OVERRIDE_PAUSE) : resume_all(task);
}

static int usage(const char *what)
{
    fprintf(stderr, "dynomatic: %s\n", what);
    return EXIT_USAGE;
}

int command_hold(const struct command_line *line)
{
    bool is_list = line->argument == NULL;
    if (is_list && (line->duration != NULL || line->why != NULL))
        return usage(
            "--for and --why belong to a pool and a size, such as: dynomatic hold worker 6 "
            "--for 30m");
    if (!is_list && line->second == NULL)
        return usage("hold takes a pool and a size, such as: dynomatic hold worker 6 --for 30m");
    if (!is_list && line->wants_json)
        return usage("--json is for the list that hold prints alone");
    return run(line, is_list ? NULL : do_hold);
}

int command_release(const struct command_line *line)
{
    if (line->argument == NULL)
        return usage("release takes a pool, such as: dynomatic release worker");
    return run(line, do_release);
}

int command_pause(const struct command_line *line)
{
    return run(line, do_pause);
}

int command_resume(const struct command_line *line)
{
    return run(line, do_resume);
}
