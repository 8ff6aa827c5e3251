/* SPDX-License-Identifier: MIT
 * The host's side of an isolated plugin: the process, and the plugin that stands in for it. */
#include "core/isolate.h"

#include "core/clock.h"
#include "core/isolate_wire.h"
#include "core/log.h"
#include "core/memory.h"

#include <dynomatic/util.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    OPEN_MS = 5000, /* open() does no I/O */
    LIMIT_MS = 1000,
    GRACE_MS = 500, /* after a deadline or a cancel, before the process is killed */
    CLOSE_MS = 500
};

struct isolate {
    const struct dyn_host *host;
    const struct instance_spec *spec;
    char *name; /* "sidekiq.so (isolated)", for texts */
    pid_t pid;  /* 0: there is no process */
    int fd;
    int cancel_fd;          /* the process has it too */
    int watch_fd;           /* ours of what the last watch() gave; -1: none */
    int events_fd;          /* an epoll set of that and of the process' end */
    struct message message; /* the one on its way, to or fro */
};

/* ---- The process ---- */

/* All that it inherits, but for what its options name. Proxies and certificates are what the client
 * libraries look for by themselves; the last line is for builds with sanitizers. */
static const char *const inherited[] = {
    "PATH",          "HOME",          "LANG",         "LC_ALL",          "TZ",
    "TMPDIR",        "TERM",          "NO_COLOR",     "LD_LIBRARY_PATH", "http_proxy",
    "https_proxy",   "HTTPS_PROXY",   "all_proxy",    "ALL_PROXY",       "no_proxy",
    "NO_PROXY",      "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",  "PGSSLMODE",
    "PGSSLROOTCERT", "PGSSLCERT",     "PGSSLKEY",     "PGSYSCONFDIR",    "ASAN_OPTIONS",
    "LSAN_OPTIONS",  "UBSAN_OPTIONS", "TSAN_OPTIONS",
};

struct environment {
    char **items; /* "NAME=value", NULL at the end */
    size_t n;
};

static void pass_on(struct environment *environment, const char *name)
{
    const char *value = getenv(name);
    if (value == NULL)
        return;
    environment->items =
        memory_resize(environment->items, environment->n + 2, sizeof *environment->items);
    environment->items[environment->n++] = memory_format("%s=%s", name, value);
    environment->items[environment->n] = NULL;
}

static struct environment make_environment(const struct plugin *plugin)
{
    struct environment environment = {memory_new(1, sizeof(char *)), 0};
    for (size_t i = 0; i < DYN_COUNT(inherited); i++)
        pass_on(&environment, inherited[i]);
    for (size_t i = 0; i < plugin->table.n_options; i++) {
        char *names = memory_copy(plugin->options[i].env != NULL ? plugin->options[i].env : "");
        char *rest = names;
        char *name;
        while ((name = strsep(&rest, " ")) != NULL)
            pass_on(&environment, name);
        free(names);
    }
    return environment;
}

static void free_environment(struct environment *environment)
{
    for (size_t i = 0; i < environment->n; i++)
        free(environment->items[i]);
    free(environment->items);
}

/* What its log lines begin with: its name, which a candidate of detection has none of. */
static const char *subject_of(const struct instance_spec *spec)
{
    return spec->name != NULL ? spec->name : spec->plugin->table.name;
}

/* Which descriptors it gets, in which state. `socket` is none of those it will have, and the other
 * one goes first, so that neither takes the other's place. */
static int spawn(struct isolate *isolate, int socket, const posix_spawnattr_t *attributes)
{
    char program[] = "dynomatic";
    char command[] = ISOLATE_COMMAND;
    char *argv[] = {program, command, (char *)(uintptr_t)subject_of(isolate->spec), NULL};
    struct environment environment = make_environment(isolate->spec->plugin);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, isolate->cancel_fd, ISOLATE_CANCEL);
    posix_spawn_file_actions_adddup2(&actions, socket, ISOLATE_SOCKET);
    int trouble =
        posix_spawn(&isolate->pid, "/proc/self/exe", &actions, attributes, argv, environment.items);
    posix_spawn_file_actions_destroy(&actions);
    free_environment(&environment);
    return trouble;
}

/* In a group of its own, so that what the plugin starts is killed with it; with no signal blocked,
 * whatever thread this is. */
static int spawn_apart(struct isolate *isolate, int socket)
{
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    int trouble = spawn(isolate, socket, &attributes);
    posix_spawnattr_destroy(&attributes);
    if (trouble != 0)
        isolate->pid = 0;
    return trouble;
}

/* Returns 0, or an error number with nothing left over. */
static int start_process(struct isolate *isolate)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return errno;
    int theirs = fcntl(pair[1], F_DUPFD_CLOEXEC, ISOLATE_FIRST_FREE);
    int trouble = theirs < 0 || fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0 ? errno : 0;
    if (trouble == 0)
        trouble = spawn_apart(isolate, theirs);
    if (theirs >= 0)
        close(theirs);
    close(pair[1]);
    if (trouble != 0)
        close(pair[0]);
    else
        isolate->fd = pair[0];
    return trouble;
}

static void forget_watch(struct isolate *isolate)
{
    if (isolate->watch_fd >= 0)
        close(isolate->watch_fd);
    if (isolate->events_fd >= 0)
        close(isolate->events_fd);
    isolate->watch_fd = -1;
    isolate->events_fd = -1;
}

/* Ends it, whatever it does. A status that it left already stays the one it left. */
static int kill_process(struct isolate *isolate)
{
    int status = 0;
    assert(isolate->pid > 0); /* or it would be ourselves */
    kill(-isolate->pid, SIGKILL);
    kill(isolate->pid, SIGKILL);
    while (waitpid(isolate->pid, &status, 0) < 0 && errno == EINTR)
        ;
    close(isolate->fd);
    forget_watch(isolate);
    isolate->pid = 0;
    return status;
}

/* Lets it close the instance first. */
static void stop_process(struct isolate *isolate)
{
    if (isolate->pid == 0)
        return;
    struct pollfd fd = {isolate->fd, 0, 0}; /* only its end is waited for */
    shutdown(isolate->fd, SHUT_WR);
    poll(&fd, 1, CLOSE_MS);
    kill_process(isolate);
}

/* ---- Patience ---- */

/* How long a call is waited for. */
struct patience {
    int64_t end_ms;
    int cancel_fd; /* the host's; -1: there is none, or it was passed on */
    int their_fd;
};

static void pass_on_cancel(struct patience *patience)
{
    uint64_t one = 1;
    int64_t end_ms = clock_now_ms() + GRACE_MS;
    patience->cancel_fd = -1;
    if (end_ms < patience->end_ms)
        patience->end_ms = end_ms;
    if (write(patience->their_fd, &one, sizeof one) < 0)
        return; /* it is readable already, which is all that is wanted */
}

static bool wait_for(void *context, int fd, short events)
{
    struct patience *patience = context;
    int64_t left_ms;
    while ((left_ms = patience->end_ms - clock_now_ms()) > 0) {
        struct pollfd fds[2] = {{fd, events, 0}, {patience->cancel_fd, POLLIN, 0}};
        if (poll(fds, 2, left_ms > 60000 ? 60000 : (int)left_ms) <= 0)
            continue;
        if (fds[1].revents != 0)
            pass_on_cancel(patience);
        if (fds[0].revents != 0)
            return true;
    }
    return false;
}

static struct patience patience_of(const struct isolate *isolate, const struct dyn_call *call)
{
    uint64_t cancelled;
    while (read(isolate->cancel_fd, &cancelled, sizeof cancelled) > 0)
        ; /* a cancel of the call before is not one of this */
    return (struct patience){call->deadline_ns / 1000000 + GRACE_MS, call->cancel_fd,
                             isolate->cancel_fd};
}

/* ---- Asking ---- */

/* Signals have descriptions that may be asked for on any thread. */
static char *describe_end(int status)
{
    int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    const char *description = signal != 0 ? sigdescr_np(signal) : NULL;
    if (signal == SIGKILL) /* it may have been ours */
        return memory_copy("closed its socket, or was killed by signal 9 (Killed)");
    if (signal != 0)
        return memory_format("was killed by signal %d (%s)", signal,
                             description != NULL ? description : "unknown");
    return memory_format("exited with status %d", WEXITSTATUS(status));
}

/* The process is of no more use. Says why, and returns what the call then returns. */
static int32_t give_up(struct isolate *isolate, enum message_result result)
{
    int status = kill_process(isolate);
    char *end = result == MESSAGE_ENDED ? describe_end(status)
                : result == MESSAGE_GIVEN_UP
                    ? memory_copy("was not back in time, and was killed")
                    : memory_copy("sent what is no answer, and was killed");
    int32_t code = dyn_failf(isolate->host, DYN_RETRY, "%s %s", isolate->name, end);
    free(end);
    return code;
}

/* A leak is ended before it is a crash. */
static void end_leak(struct isolate *isolate, int64_t bytes)
{
    char *text = memory_format("%s had taken %" PRId64 " MiB, and is started anew", isolate->name,
                               bytes >> 20);
    isolate->host->log(isolate->host, DYN_WARN, text);
    free(text);
    stop_process(isolate);
}

/* Sends the message and plays what comes back. Returns what the function did; without a process
 * left, why. */
static int32_t exchange(struct isolate *isolate, struct patience *patience)
{
    struct message_wait wait = {wait_for, patience};
    struct message *message = &isolate->message;
    if (message_is_full(message))
        return dyn_failf(isolate->host, DYN_BROKEN, "%s cannot be asked so much at once",
                         isolate->name);
    enum message_result result = message_send(isolate->fd, message, wait);
    if (result == MESSAGE_DONE)
        result = message_receive(isolate->fd, message, wait);
    if (result != MESSAGE_DONE)
        return give_up(isolate, result);
    struct isolate_end end = isolate_play(message, isolate->host);
    if (message->is_bad)
        return give_up(isolate, MESSAGE_REFUSED);
    if (end.code != DYN_OK && end.bytes > 0)
        end_leak(isolate, end.bytes);
    return end.code;
}

static void begin(struct isolate *isolate, enum isolate_ask ask)
{
    forget_watch(isolate);
    message_begin(&isolate->message);
    message_add_number(&isolate->message, ask);
}

/* Starts the process and opens the plugin there. Returns as open() does. */
static int32_t start(struct isolate *isolate, struct patience *patience)
{
    const struct plugin *plugin = isolate->spec->plugin;
    int trouble = start_process(isolate);
    if (trouble != 0)
        return dyn_failf(isolate->host, DYN_RETRY, "cannot start a process for %s: %s",
                         isolate->name, strerrordesc_np(trouble));
    begin(isolate, ASK_OPEN);
    message_add_number(&isolate->message, log_most());
    message_add_text(&isolate->message, plugin->path);
    isolate_add_options(&isolate->message,
                        (struct option_table){plugin->options, plugin->table.n_options},
                        isolate->spec->options);
    int32_t code = exchange(isolate, patience);
    if (code != DYN_OK)
        stop_process(isolate);
    return code;
}

/* ---- The plugin that stands in ---- */

static void stand_in_close(void *self)
{
    struct isolate *isolate = self;
    if (isolate == NULL)
        return;
    stop_process(isolate);
    if (isolate->cancel_fd >= 0)
        close(isolate->cancel_fd);
    message_fini(&isolate->message);
    free(isolate->name);
    free(isolate);
}

static int32_t stand_in_open(const struct dyn_host *host, const void *config, void **self)
{
    const struct instance_spec *spec = config;
    struct isolate *isolate = memory_new(1, sizeof *isolate);
    isolate->host = host;
    isolate->spec = spec;
    isolate->name = memory_format("%s.so (isolated)", spec->plugin->table.name);
    isolate->watch_fd = -1;
    isolate->events_fd = -1;
    isolate->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int32_t code;
    struct patience patience = {clock_now_ms() + OPEN_MS, -1, isolate->cancel_fd};
    if (isolate->cancel_fd < 0)
        code = dyn_failf(host, DYN_RETRY, "cannot make a descriptor: %s", strerrordesc_np(errno));
    else
        code = start(isolate, &patience);
    if (code == DYN_OK)
        *self = isolate;
    else
        stand_in_close(isolate);
    return code;
}

/* Readies a call: the process runs, the message waits for the call's elements, if it has any. */
static int32_t begin_call(struct isolate *isolate, enum isolate_ask ask,
                          const struct dyn_call *call, struct patience *patience)
{
    *patience = patience_of(isolate, call);
    int32_t code = isolate->pid == 0 ? start(isolate, patience) : DYN_OK;
    begin(isolate, ask);
    message_add_number(&isolate->message, call->deadline_ns);
    return code;
}

static int32_t end_call(struct isolate *isolate, int32_t code, struct patience *patience)
{
    return code == DYN_OK ? exchange(isolate, patience) : code;
}

static int32_t ask_groups(struct isolate *isolate, enum isolate_ask ask,
                          const struct dyn_call *call, const struct dyn_group *groups, uint32_t n)
{
    struct patience patience;
    int32_t code = begin_call(isolate, ask, call, &patience);
    isolate_add_groups(&isolate->message, groups, n);
    return end_call(isolate, code, &patience);
}

static int32_t ask_nothing(struct isolate *isolate, enum isolate_ask ask,
                           const struct dyn_call *call)
{
    struct patience patience;
    int32_t code = begin_call(isolate, ask, call, &patience);
    return end_call(isolate, code, &patience);
}

static int32_t stand_in_measure(void *self, const struct dyn_call *call,
                                const struct dyn_group *groups, uint32_t n)
{
    return ask_groups(self, ASK_MEASURE, call, groups, n);
}

/* A descriptor outlives the process that told by it, so its end is an event, too. */
static int32_t gather_events(struct isolate *isolate)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct epoll_event end = {.events = EPOLLRDHUP};
    isolate->events_fd = epoll_create1(EPOLL_CLOEXEC);
    if (isolate->events_fd >= 0 &&
        epoll_ctl(isolate->events_fd, EPOLL_CTL_ADD, isolate->watch_fd, &event) == 0 &&
        epoll_ctl(isolate->events_fd, EPOLL_CTL_ADD, isolate->fd, &end) == 0)
        return DYN_OK;
    return dyn_failf(isolate->host, DYN_RETRY, "%s cannot be waited for: %s", isolate->name,
                     strerrordesc_np(errno));
}

/* The descriptor comes after the answer; what is too much to be asked was not asked. */
static int32_t stand_in_watch(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n, int32_t *fd)
{
    struct isolate *isolate = self;
    struct patience patience;
    int32_t code = begin_call(isolate, ASK_WATCH, call, &patience);
    isolate_add_groups(&isolate->message, groups, n);
    bool is_asked = code == DYN_OK && !message_is_full(&isolate->message);
    code = end_call(isolate, code, &patience);
    if (!is_asked || isolate->pid == 0)
        return code;
    struct message_wait wait = {wait_for, &patience};
    enum message_result result = message_receive_fd(isolate->fd, &isolate->watch_fd, wait);
    if (result != MESSAGE_DONE)
        return give_up(isolate, result);
    if (code == DYN_OK && isolate->watch_fd >= 0)
        code = gather_events(isolate);
    *fd = code == DYN_OK ? isolate->events_fd : -1;
    return code;
}

static int32_t stand_in_workers(void *self, const struct dyn_call *call,
                                const struct dyn_group *groups, uint32_t n)
{
    return ask_groups(self, ASK_WORKERS, call, groups, n);
}

static int32_t stand_in_detect(void *self, const struct dyn_call *call)
{
    return ask_nothing(self, ASK_DETECT, call);
}

static int32_t stand_in_names(void *self, const struct dyn_call *call)
{
    return ask_nothing(self, ASK_NAMES, call);
}

static int32_t stand_in_advise(void *self, const struct dyn_call *call, int32_t topic)
{
    struct isolate *isolate = self;
    struct patience patience;
    int32_t code = begin_call(isolate, ASK_ADVISE, call, &patience);
    message_add_number(&isolate->message, topic);
    return end_call(isolate, code, &patience);
}

static int32_t stand_in_read(void *self, const struct dyn_call *call, const char *const *names,
                             uint32_t n)
{
    struct isolate *isolate = self;
    struct patience patience;
    int32_t code = begin_call(isolate, ASK_READ, call, &patience);
    isolate_add_texts(&isolate->message, names, n);
    return end_call(isolate, code, &patience);
}

static int32_t stand_in_apply(void *self, const struct dyn_call *call,
                              const struct dyn_change *changes, uint32_t n)
{
    struct isolate *isolate = self;
    struct patience patience;
    int32_t code = begin_call(isolate, ASK_APPLY, call, &patience);
    isolate_add_changes(&isolate->message, changes, n);
    return end_call(isolate, code, &patience);
}

/* No call that could fail: whoever asks can do without. */
static int32_t stand_in_limit(void *self, const char *name)
{
    struct isolate *isolate = self;
    struct patience patience = {clock_now_ms() + LIMIT_MS, -1, isolate->cancel_fd};
    if (isolate->pid == 0)
        return -1; /* the next call starts it */
    begin(isolate, ASK_LIMIT);
    message_add_text(&isolate->message, name);
    int32_t limit = exchange(isolate, &patience);
    if (isolate->pid != 0)
        return limit;
    dyn_logf(isolate->host, DYN_WARN, "%s ended when it was asked for the limit of %s",
             isolate->name, name);
    return -1;
}

const void *isolate_config(const struct instance_spec *spec)
{
    return spec->is_isolated ? (const void *)spec : spec->options;
}

const struct plugin *isolate_plugin(const struct instance_spec *spec, struct plugin *room)
{
    if (!spec->is_isolated)
        return spec->plugin;
    *room = *spec->plugin;
    room->table.open = stand_in_open;
    room->table.close = stand_in_close;
    if (room->table.queue != NULL) {
        room->table.queue = &room->queue;
        room->queue.measure = stand_in_measure;
        room->queue.detect = DYN_HAS(&room->queue, detect) ? stand_in_detect : NULL;
        room->queue.watch = DYN_HAS(&room->queue, watch) ? stand_in_watch : NULL;
        room->queue.workers = DYN_HAS(&room->queue, workers) ? stand_in_workers : NULL;
        room->queue.advise = DYN_HAS(&room->queue, advise) ? stand_in_advise : NULL;
    }
    if (room->table.scaler != NULL) {
        room->table.scaler = &room->scaler;
        room->scaler.read = stand_in_read;
        room->scaler.apply = stand_in_apply;
        room->scaler.limit = DYN_HAS(&room->scaler, limit) ? stand_in_limit : NULL;
        room->scaler.names = DYN_HAS(&room->scaler, names) ? stand_in_names : NULL;
    }
    return room;
}
