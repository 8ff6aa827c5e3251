/* SPDX-License-Identifier: MIT
 * A queue adapter and scaler back-end that breaks the contract in the way that its option says, for
 * tests of what contains it. */
#include <dynomatic/util.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum fault {
    FAULT_NONE,
    FAULT_OPEN,      /* open() fails */
    FAULT_OPEN_DIE,  /* open() crashes */
    FAULT_CRASH,     /* a call crashes */
    FAULT_EXIT,      /* a call ends the process */
    FAULT_HANG,      /* a call never comes back */
    FAULT_LEAK,      /* each call takes more memory, and fails when there is none */
    FAULT_GREEDY,    /* a call takes memory until there is none, and does not look */
    FAULT_FILES,     /* a call opens files until it may not */
    FAULT_GARBAGE,   /* a call writes into every socket that it finds */
    FAULT_SHOUT,     /* a call answers more than anybody wants */
    FAULT_PRINT,     /* a call prints to standard output */
    FAULT_CLOSE,     /* a call closes every descriptor that it finds */
    FAULT_CLOSE_HANG /* close() never comes back */
};

struct config {
    const char *secret;
    const char *once; /* a file that keeps a fault from happening again */
    struct dyn_list list;
    int64_t number;
    int32_t fault;
    int32_t flag;
};

static const struct dyn_option options[] = {
    {"fault", "none",
     "none|open|open_die|crash|exit|hang|leak|greedy|files|garbage|shout|print|close|close_hang",
     NULL, "what goes wrong", DYN_CHOICE, 0, offsetof(struct config, fault), 0},
    {"secret", NULL, NULL, "FAULTY_SECRET", "lets in", DYN_TEXT, DYN_SECRET,
     offsetof(struct config, secret), 0},
    {"once", NULL, NULL, NULL, "a file; where it is, nothing goes wrong", DYN_TEXT, 0,
     offsetof(struct config, once), 0},
    {"list", NULL, NULL, NULL, "texts", DYN_LIST, 0, offsetof(struct config, list), 0},
    {"number", NULL, NULL, NULL, "a number", DYN_INTEGER, 0, offsetof(struct config, number), 0},
    {"flag", NULL, NULL, NULL, "yes or no", DYN_BOOLEAN, 0, offsetof(struct config, flag), 0},
};

struct self {
    const struct dyn_host *host;
    const struct config *config;
    void *leaked;
    int told_fd; /* 0: none */
};

extern char **environ;

static void crash(void)
{
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would make a report and an exit of it */
    raise(SIGSEGV);
}

static int32_t faulty_open(const struct dyn_host *host, const void *config, void **self)
{
    const struct config *options_of = config;
    if (options_of->fault == FAULT_OPEN)
        return host->fail(host, DYN_BROKEN, "it does not like this");
    if (options_of->fault == FAULT_OPEN_DIE)
        crash();
    struct self *faulty = calloc(1, sizeof *faulty);
    if (faulty == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    faulty->host = host;
    faulty->config = config;
    *self = faulty;
    return DYN_OK;
}

static void hang(void)
{
    for (;;)
        pause();
}

static void faulty_close(void *self)
{
    const struct self *faulty = self;
    if (faulty != NULL && faulty->config->fault == FAULT_CLOSE_HANG)
        hang();
    if (faulty != NULL && faulty->told_fd > 0)
        close(faulty->told_fd);
    free(self);
}

/* 64 MiB more, all of it in use. */
static int32_t leak(struct self *faulty)
{
    size_t size = (size_t)64 << 20;
    void **block = malloc(size);
    if (block == NULL)
        return faulty->host->fail(faulty->host, DYN_RETRY, "out of memory");
    memset(block, 1, size);
    *block = faulty->leaked;
    faulty->leaked = block;
    return DYN_OK;
}

static void take_all(struct self *faulty)
{
    for (;;)
        if (leak(faulty) != DYN_OK)
            abort();
}

static int32_t open_files(const struct self *faulty)
{
    for (int n = 0; n < 100000; n++)
        if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
            return dyn_failf(faulty->host, DYN_RETRY, "no more than %d files", n);
    return DYN_OK;
}

static void write_everywhere(void)
{
    static const char garbage[] = "all your base are belong to us\n";
    for (int fd = 3; fd < 16; fd++)
        if (write(fd, garbage, sizeof garbage) < 0)
            continue;
}

static void close_everything(void)
{
    for (int fd = 3; fd < 16; fd++)
        close(fd);
    hang();
}

static void shout(const struct self *faulty)
{
    for (uint32_t i = 0; i < 1000000; i++)
        faulty->host->put(faulty->host, 0, DYN_WAITING, i, 0);
}

static int32_t go_wrong(struct self *faulty)
{
    const struct config *config = faulty->config;
    if (config->once != NULL && access(config->once, F_OK) == 0)
        return DYN_OK;
    int fd = config->once != NULL ? open(config->once, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd >= 0)
        close(fd);
    switch (config->fault) {
    case FAULT_CRASH:
        crash();
        break;
    case FAULT_EXIT:
        exit(7);
    case FAULT_HANG:
        hang();
        break;
    case FAULT_LEAK:
        return leak(faulty);
    case FAULT_GREEDY:
        take_all(faulty);
        break;
    case FAULT_FILES:
        return open_files(faulty);
    case FAULT_GARBAGE:
        write_everywhere();
        break;
    case FAULT_SHOUT:
        shout(faulty);
        break;
    case FAULT_PRINT:
        puts("a plugin never prints");
        break;
    case FAULT_CLOSE:
        close_everything();
        break;
    default:
        break;
    }
    return DYN_OK;
}

/* What it is, where it runs, and what it can see there: told as why something is not known. */
static void tell(const struct self *faulty, uint32_t i, const char *name)
{
    const struct config *config = faulty->config;
    char text[4096];
    int n = snprintf(text, sizeof text, "%s: pid %d, secret %s, number %lld, flag %d, list", name,
                     (int)getpid(), config->secret != NULL ? config->secret : "none",
                     (long long)config->number, (int)config->flag);
    for (size_t k = 0; k < config->list.n; k++)
        n += snprintf(text + n, sizeof text - (size_t)n, " %s", config->list.items[k]);
    n += snprintf(text + n, sizeof text - (size_t)n, ", environment");
    for (char **entry = environ; *entry != NULL && n < 2048; entry++)
        n +=
            snprintf(text + n, sizeof text - (size_t)n, " %.*s", (int)strcspn(*entry, "="), *entry);
    faulty->host->unknown(faulty->host, i, text);
}

static int32_t faulty_measure(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n)
{
    struct self *faulty = self;
    (void)call;
    int32_t code = go_wrong(faulty);
    for (uint32_t i = 0; i < n; i++) {
        faulty->host->put(faulty->host, i, DYN_WAITING, 40 + groups[i].n_queues, DYN_AT_LEAST);
        faulty->host->put(faulty->host, i, DYN_LATENCY, groups[i].cap, 0);
        tell(faulty, i, groups[i].n_queues > 0 ? groups[i].queues[0] : groups[i].name);
    }
    return code;
}

/* Waits until it is told to end, as a good adapter does. */
static int32_t faulty_workers(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n)
{
    const struct self *faulty = self;
    if (groups[0].cap > 0) {
        dyn_wait(call, -1, 0);
        return faulty->host->fail(faulty->host, DYN_LATE, "told to end");
    }
    for (uint32_t i = 0; i < n; i++) {
        struct dyn_worker worker = {DYN_ABSENT, "worker.1", "worker.1 pid:4", NULL, "Job", 1, 0};
        faulty->host->put_worker(faulty->host, i, &worker);
    }
    return DYN_OK;
}

/* Tells at once, by a descriptor that the next call closes; without groups it cannot, and of one
 * that is called silent it tells nothing. */
static int32_t faulty_watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                            uint32_t n, int32_t *fd)
{
    struct self *faulty = self;
    (void)call;
    if (faulty->told_fd > 0)
        close(faulty->told_fd);
    faulty->told_fd = n > 0 ? eventfd(strcmp(groups[0].name, "silent") != 0, EFD_CLOEXEC) : 0;
    *fd = n > 0 ? faulty->told_fd : -1;
    faulty->host->advise(faulty->host, n > 0 ? groups[n - 1].name : "no groups");
    return n > 0 && groups[0].cap > 0 ? go_wrong(faulty) : DYN_OK;
}

static int32_t faulty_advise(void *self, const struct dyn_call *call, int32_t topic)
{
    const struct self *faulty = self;
    (void)call;
    faulty->host->advise(faulty->host, topic == DYN_ADVICE_NOTIFY ? "notify" : "indexes");
    faulty->host->advise(faulty->host, "");
    faulty->host->advise(faulty->host, "end");
    return DYN_OK;
}

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY),
    .measure = faulty_measure,
    .watch = faulty_watch,
    .workers = faulty_workers,
    .advise = faulty_advise,
};

static int32_t faulty_read(void *self, const struct dyn_call *call, const char *const *names,
                           uint32_t n)
{
    struct self *faulty = self;
    (void)call;
    int32_t code = go_wrong(faulty);
    for (uint32_t i = 0; i < n; i++)
        faulty->host->put(faulty->host, i, DYN_SIZE, (int64_t)strlen(names[i]), 0);
    return code;
}

/* Accepts what is wanted, and one more for each that must not be stopped. */
static int32_t faulty_apply(void *self, const struct dyn_call *call,
                            const struct dyn_change *changes, uint32_t n)
{
    struct self *faulty = self;
    (void)call;
    int32_t code = go_wrong(faulty);
    for (uint32_t i = 0; i < n; i++)
        faulty->host->put(faulty->host, i, DYN_SIZE, changes[i].size + (int64_t)changes[i].n_keep,
                          0);
    return code;
}

static int32_t faulty_limit(void *self, const char *name)
{
    go_wrong(self);
    return (int32_t)strlen(name);
}

static int32_t faulty_names(void *self, const struct dyn_call *call)
{
    const struct self *faulty = self;
    (void)call;
    faulty->host->put_name(faulty->host, "web", 1);
    faulty->host->put_name(faulty->host, "worker", -1);
    return DYN_OK;
}

static const struct dyn_scaler scaler = {
    .size = sizeof scaler,
    .read = faulty_read,
    .apply = faulty_apply,
    .limit = faulty_limit,
    .names = faulty_names,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "faulty",
    .version = "1",
    .summary = "breaks the contract",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .open = faulty_open,
    .close = faulty_close,
    .queue = &queue,
    .scaler = &scaler,
};
