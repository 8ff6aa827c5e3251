/* SPDX-License-Identifier: MIT
 * The process that one isolated plugin runs in: one thread, which waits for what is asked, calls
 * the plugin, and sends what it said. */
#include "core/isolate.h"

#include "core/isolate_wire.h"
#include "core/log.h"
#include "core/memory.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const int64_t memory_most = (int64_t)ISOLATE_MEMORY_MIB << 20;

struct child {
    const struct plugin *plugin;
    void *options;
    void *self; /* NULL: not open */
    struct message asked;
    struct isolate_recorder recorder;
    bool is_watch;        /* what is asked: a descriptor follows the answer */
    int32_t watch_fd;     /* that one, -1: none */
    int64_t started_with; /* bytes of data */
};

/* ---- Confinement ---- */

/* Bytes of data, as RLIMIT_DATA counts them; 0 where that is not told. */
static int64_t data_bytes(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%*d %*d %*d %*d %*d %lld", &pages) != 1)
        pages = 0;
    fclose(file);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

/* Never above what the limit is already. */
static void limit(int resource, rlim_t most)
{
    struct rlimit now;
    if (getrlimit(resource, &now) == 0 && now.rlim_max < most)
        most = now.rlim_max;
    setrlimit(resource, &(struct rlimit){most, most});
}

/* A core dump would hold the options' secrets; 1 and not 0, which would still hand it to a program
 * that the system has for them. */
static void confine(const struct child *child)
{
    limit(RLIMIT_DATA, (rlim_t)(child->started_with + memory_most));
    limit(RLIMIT_NOFILE, ISOLATE_DESCRIPTORS);
    limit(RLIMIT_CORE, 1);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(nothing, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO); /* what a command prints is for programs to read */
    close_range(ISOLATE_FIRST_FREE, ~0U, 0);
    fcntl(ISOLATE_SOCKET, F_SETFD, FD_CLOEXEC);
    fcntl(ISOLATE_CANCEL, F_SETFD, FD_CLOEXEC);
}

/* The host says when to end: by closing the socket, or with its own end (that of the thread which
 * started this, and no thread ends before the host needs no more calls). A terminal's Ctrl-C, or a
 * system that ends everything at once, is for the host. */
static void follow_host(void)
{
    static const int others[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        signal(others[i], SIG_IGN);
    struct pollfd fd = {ISOLATE_SOCKET, 0, 0};
    if (poll(&fd, 1, 0) > 0 && (fd.revents & POLLHUP) != 0)
        _exit(EXIT_SUCCESS); /* it ended before the line above */
}

/* ---- What is asked ---- */

static int32_t open_plugin(struct child *child)
{
    const struct dyn_host *host = &child->recorder.table;
    log_init((enum log_level)message_int(&child->asked));
    const char *path = message_text(&child->asked);
    struct error error = {""};
    child->plugin = plugin_load(path != NULL ? path : "", &error);
    if (child->plugin == NULL)
        return host->fail(host, DYN_BROKEN, error.text);
    struct option_table table = {child->plugin->options, child->plugin->table.n_options};
    child->options = memory_new(1, child->plugin->table.config_size);
    isolate_take_options(&child->asked, table, child->options);
    if (child->asked.is_bad)
        return host->fail(host, DYN_BROKEN,
                          "its options are not those that the host read; was its file replaced?");
    int32_t code = child->plugin->table.open(host, child->options, &child->self);
    if (code != DYN_OK)
        child->self = NULL; /* a failed open left nothing to close */
    return code == DYN_OK && child->self == NULL ? DYN_BROKEN : code;
}

static int32_t call_queue(struct child *child, enum isolate_ask ask, const struct dyn_call *call,
                          const struct isolate_elements *elements)
{
    const struct dyn_queue *queue = &child->plugin->queue;
    if (ask == ASK_MEASURE)
        return queue->measure(child->self, call, elements->groups, elements->n);
    if (ask == ASK_WATCH)
        return queue->watch(child->self, call, elements->groups, elements->n, &child->watch_fd);
    if (ask == ASK_WORKERS)
        return queue->workers(child->self, call, elements->groups, elements->n);
    return queue->detect(child->self, call);
}

static int32_t call_scaler(const struct child *child, enum isolate_ask ask,
                           const struct dyn_call *call, const struct isolate_elements *elements)
{
    const struct dyn_scaler *scaler = &child->plugin->scaler;
    if (ask == ASK_READ)
        return scaler->read(child->self, call, elements->texts, elements->n);
    if (ask == ASK_APPLY)
        return scaler->apply(child->self, call, elements->changes, elements->n);
    return scaler->names(child->self, call);
}

static int32_t call_plugin(struct child *child, enum isolate_ask ask)
{
    struct dyn_call call = {sizeof call, ISOLATE_CANCEL, message_number(&child->asked)};
    struct isolate_elements elements;
    bool is_queue =
        ask == ASK_MEASURE || ask == ASK_WATCH || ask == ASK_WORKERS || ask == ASK_DETECT;
    isolate_take_elements(&child->asked, ask, &elements);
    int32_t code = is_queue ? call_queue(child, ask, &call, &elements)
                            : call_scaler(child, ask, &call, &elements);
    isolate_elements_fini(&elements);
    return code;
}

static int32_t advise(struct child *child)
{
    struct dyn_call call = {sizeof call, ISOLATE_CANCEL, message_number(&child->asked)};
    return child->plugin->queue.advise(child->self, &call, message_int(&child->asked));
}

static int32_t answer(struct child *child)
{
    enum isolate_ask ask = (enum isolate_ask)message_int(&child->asked);
    child->is_watch = ask == ASK_WATCH;
    child->watch_fd = -1;
    if (ask == ASK_OPEN)
        return open_plugin(child);
    if (ask == ASK_LIMIT)
        return child->plugin->scaler.limit(child->self, message_text(&child->asked));
    if (ask == ASK_ADVISE)
        return advise(child);
    return call_plugin(child, ask);
}

/* What a leak has taken, once it is the likely reason of a failure. */
static int64_t leaked_bytes(const struct child *child, int32_t code)
{
    int64_t bytes = code != DYN_OK ? data_bytes() - child->started_with : 0;
    return bytes > memory_most / 2 ? bytes : 0;
}

static bool serve_one(struct child *child)
{
    static const struct message_wait blocks = {0};
    if (message_receive(ISOLATE_SOCKET, &child->asked, blocks) != MESSAGE_DONE)
        return false;
    isolate_record(&child->recorder);
    int32_t code = answer(child);
    isolate_record_end(&child->recorder, (struct isolate_end){code, leaked_bytes(child, code)});
    if (message_send(ISOLATE_SOCKET, &child->recorder.said, blocks) != MESSAGE_DONE)
        return false;
    return !child->is_watch ||
           message_send_fd(ISOLATE_SOCKET, child->watch_fd, blocks) == MESSAGE_DONE;
}

static void child_fini(struct child *child)
{
    if (child->self != NULL)
        child->plugin->table.close(child->self);
    if (child->options != NULL)
        option_fini((struct option_table){child->plugin->options, child->plugin->table.n_options},
                    child->options);
    free(child->options);
    message_fini(&child->asked);
    isolate_recorder_fini(&child->recorder);
}

static bool is_started_by_host(void)
{
    int type;
    socklen_t size = sizeof type;
    return getsockopt(ISOLATE_SOCKET, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
           fcntl(ISOLATE_CANCEL, F_GETFD) >= 0;
}

int isolate_serve(const char *name)
{
    struct child child = {.started_with = data_bytes()};
    if (!is_started_by_host()) {
        fputs("dynomatic: " ISOLATE_COMMAND " is for dynomatic itself, which runs plugins so\n",
              stderr);
        return 2;
    }
    follow_host();
    confine(&child);
    isolate_recorder_init(&child.recorder, name);
    while (serve_one(&child))
        ;
    child_fini(&child);
    return EXIT_SUCCESS;
}
