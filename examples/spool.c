/* SPDX-License-Identifier: MIT
 * A queue adapter to copy. A job is a file in a folder; its queue is its name up to the first dot:
 * mail.0001 waits in "mail".
 *
 *     cc -shared -fPIC $(pkg-config --cflags dynomatic) spool.c -o spool.so
 *     queue: { adapter: ./spool.so, path: /var/spool/jobs }
 */
#include <dynomatic/util.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* What the host fills by the rows below. It lives until spool_close(). */
struct config {
    const char *path;
};

static const struct dyn_option options[] = {
    {"path", NULL, NULL, "SPOOL_PATH", "the folder in which each file is a job", DYN_TEXT,
     DYN_REQUIRED, offsetof(struct config, path), 0},
};

/* An instance. Several may be open and run at the same time, so nothing of it is static. */
struct spool {
    const struct dyn_host *host;
    const struct config *config;
};

/* What was counted for one group. */
struct tally {
    int64_t waiting;
    time_t oldest;
};

static int serves(const struct dyn_group *group, const char *job)
{
    size_t length = strcspn(job, ".");
    for (uint32_t i = 0; i < group->n_queues; i++)
        if (strlen(group->queues[i]) == length && strncmp(group->queues[i], job, length) == 0)
            return 1;
    return group->n_queues == 0; /* no names: all queues */
}

/* Counting past the cap would change no decision. */
static int is_full(const struct dyn_group *group, const struct tally *tally)
{
    return group->cap > 0 && tally->waiting >= group->cap;
}

static void add(struct tally *tally, time_t since)
{
    if (tally->waiting == 0 || since < tally->oldest)
        tally->oldest = since;
    tally->waiting++;
}

/* One look at the folder answers all groups. A file that is gone by now was taken by a worker. */
static int32_t count(const struct spool *spool, const struct dyn_call *call, DIR *folder,
                     const struct dyn_group *groups, uint32_t n, struct tally *tallies)
{
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(folder)) != NULL) {
        struct stat job;
        if (dyn_is_over(call))
            return spool->host->fail(spool->host, DYN_LATE,
                                     "the folder is too large to be read in time");
        if (entry->d_name[0] == '.' || fstatat(dirfd(folder), entry->d_name, &job, 0) < 0 ||
            !S_ISREG(job.st_mode))
            continue;
        for (uint32_t i = 0; i < n; i++)
            if (serves(&groups[i], entry->d_name) && !is_full(&groups[i], &tallies[i]))
                add(&tallies[i], job.st_mtime);
    }
    if (errno == 0)
        return DYN_OK;
    return dyn_failf(spool->host, DYN_RETRY, "cannot read %s: %s", spool->config->path,
                     strerror(errno));
}

static void answer(const struct spool *spool, const struct dyn_group *groups, uint32_t n,
                   const struct tally *tallies)
{
    time_t now = time(NULL);
    for (uint32_t i = 0; i < n; i++) {
        const struct tally *tally = &tallies[i];
        uint32_t flags = is_full(&groups[i], tally) ? DYN_AT_LEAST : 0;
        int64_t age = tally->waiting > 0 && tally->oldest < now ? now - tally->oldest : 0;
        spool->host->put(spool->host, i, DYN_WAITING, tally->waiting, flags);
        spool->host->put(spool->host, i, DYN_LATENCY, age * 1000, flags);
    }
}

/* What cannot be counted is a failure, and never zero jobs. */
static int32_t spool_measure(void *self, const struct dyn_call *call,
                             const struct dyn_group *groups, uint32_t n)
{
    const struct spool *spool = self;
    DIR *folder = opendir(spool->config->path);
    if (folder == NULL)
        return dyn_failf(spool->host, errno == ENOENT || errno == EACCES ? DYN_BROKEN : DYN_RETRY,
                         "cannot open %s: %s", spool->config->path, strerror(errno));
    struct tally *tallies = calloc((size_t)n + 1, sizeof *tallies); /* n is 0 for a mere try */
    if (tallies == NULL) {
        closedir(folder);
        return spool->host->fail(spool->host, DYN_RETRY, "out of memory");
    }
    int32_t code = count(spool, call, folder, groups, n, tallies);
    if (code == DYN_OK)
        answer(spool, groups, n, tallies);
    free(tallies);
    closedir(folder);
    return code;
}

/* Opening does no I/O: the first measurement is the first look. */
static int32_t spool_open(const struct dyn_host *host, const void *config, void **self)
{
    struct spool *spool = malloc(sizeof *spool);
    if (spool == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    *spool = (struct spool){host, config};
    *self = spool;
    return DYN_OK;
}

static void spool_close(void *self)
{
    free(self);
}

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY),
    .measure = spool_measure,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "spool", /* as the file's: spool.so */
    .version = "1",
    .summary = "counts the files of a folder",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .open = spool_open,
    .close = spool_close,
    .queue = &queue,
};
