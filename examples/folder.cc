/* SPDX-License-Identifier: MIT
 * A queue adapter in C++, to copy. A job is a file in a folder; its queue is its name up to the
 * first dot: mail.0001 waits in "mail".
 *
 *     c++ -shared -fPIC $(pkg-config --cflags dynomatic) folder.cc -o folder.so \
 *         -Wl,--version-script=$(pkg-config --variable=exports dynomatic)
 *     queue: { adapter: ./folder.so, path: /var/spool/jobs }
 */
#include <dynomatic/util.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <new>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <vector>

namespace
{

// What the host fills by the rows below. It lives until close.
struct config {
    const char *path;
};

const dyn_option options[] = {
    {"path", nullptr, nullptr, "FOLDER_PATH", "the folder in which each file is a job", DYN_TEXT,
     DYN_REQUIRED, offsetof(config, path), 0},
};

// What was counted for one group.
struct tally {
    int64_t waiting = 0;
    time_t oldest = 0;
};

bool serves(const dyn_group &group, std::string_view job)
{
    const auto queue = job.substr(0, job.find('.'));
    const auto end = group.queues + group.n_queues;
    return group.n_queues == 0 || std::find(group.queues, end, queue) != end; // no names: all
}

// Counting past the cap would change no decision.
bool is_full(const dyn_group &group, const tally &tally)
{
    return group.cap > 0 && tally.waiting >= group.cap;
}

void add(tally &tally, time_t since)
{
    tally.oldest = tally.waiting == 0 ? since : std::min(tally.oldest, since);
    tally.waiting++;
}

int64_t age_ms(const tally &tally, time_t now)
{
    return tally.waiting > 0 ? std::max<int64_t>(now - tally.oldest, 0) * 1000 : 0;
}

// A folder that is open. (Where memory is gone, std::filesystem ends the program.)
class folder
{
  public:
    explicit folder(const char *path) : folder_(opendir(path), closedir)
    {
        if (folder_ == nullptr)
            throw std::system_error(errno, std::generic_category());
    }

    // The next file that is not hidden, and when it was last written; nullptr: there is none.
    const char *next(time_t &since)
    {
        while (const dirent *entry = read()) {
            struct stat job;
            const bool is_there = fstatat(dirfd(folder_.get()), entry->d_name, &job, 0) == 0;
            if (!is_there || !S_ISREG(job.st_mode) || entry->d_name[0] == '.')
                continue; // one that is gone by now was taken by a worker
            since = job.st_mtime;
            return entry->d_name;
        }
        return nullptr;
    }

  private:
    const dirent *read()
    {
        errno = 0;
        const dirent *entry = readdir(folder_.get());
        if (entry == nullptr && errno != 0)
            throw std::system_error(errno, std::generic_category());
        return entry;
    }

    std::unique_ptr<DIR, int (*)(DIR *)> folder_;
};

// An instance. Several may be open and run at the same time, so nothing of it is static.
class adapter
{
  public:
    adapter(const dyn_host *host, const config *config) : host_(host), config_(config) {}

    // One look at the folder answers all groups.
    int32_t measure(const dyn_call *call, const dyn_group *groups, uint32_t n) const
    {
        std::vector<tally> tallies(n);
        folder jobs(config_->path);
        time_t since = 0;
        while (const char *job = jobs.next(since)) {
            if (dyn_is_over(call))
                return fail(DYN_LATE, "the folder is too large to be read in time");
            for (uint32_t i = 0; i < n; i++)
                if (serves(groups[i], job) && !is_full(groups[i], tallies[i]))
                    add(tallies[i], since);
        }
        for (uint32_t i = 0; i < n; i++)
            answer(i, groups[i], tallies[i]);
        return DYN_OK;
    }

    int32_t fail(int32_t code, const char *text) const
    {
        return host_->fail(host_, code, text);
    }

    // What stays so until a person acts is told from what may pass. Where memory is gone, there
    // must be enough left to say so: no std::string here.
    int32_t fail(const std::error_code &why) const
    {
        const bool stays = why.value() == ENOENT || why.value() == EACCES;
        return dyn_failf(host_, stays ? DYN_BROKEN : DYN_RETRY, "cannot read %s: %s", config_->path,
                         std::strerror(why.value()));
    }

  private:
    void answer(uint32_t index, const dyn_group &group, const tally &tally) const
    {
        const uint32_t flags = is_full(group, tally) ? DYN_AT_LEAST : 0;
        host_->put(host_, index, DYN_WAITING, tally.waiting, flags);
        host_->put(host_, index, DYN_LATENCY, age_ms(tally, std::time(nullptr)), flags);
    }

    const dyn_host *host_;
    const config *config_;
};

// ---- The contract: no exception leaves a function ----

// What cannot be counted is a failure, and never zero jobs.
int32_t adapter_measure(void *self, const dyn_call *call, const dyn_group *groups, uint32_t n)
{
    const adapter &it = *static_cast<const adapter *>(self);
    try {
        return it.measure(call, groups, n);
    } catch (const std::system_error &why) {
        return it.fail(why.code());
    } catch (const std::exception &why) {
        return it.fail(DYN_RETRY, why.what());
    }
}

// Opening does no I/O: the first measurement is the first look.
int32_t adapter_open(const dyn_host *host, const void *options, void **self)
{
    auto *it = new (std::nothrow) adapter(host, static_cast<const config *>(options));
    if (it == nullptr)
        return host->fail(host, DYN_RETRY, "out of memory");
    *self = it;
    return DYN_OK;
}

void adapter_close(void *self)
{
    delete static_cast<adapter *>(self);
}

const dyn_queue queue = {sizeof queue,    DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY),
                         adapter_measure, nullptr,
                         nullptr,         nullptr,
                         nullptr};

} // namespace

const dyn_plugin dynomatic_plugin = {
    sizeof dynomatic_plugin,
    DYN_ABI,
    "folder", // as the file's: folder.so
    "1",
    "counts the files of a folder",
    options,
    DYN_COUNT(options),
    sizeof(dyn_option),
    sizeof(config),
    0,
    nullptr,
    adapter_open,
    adapter_close,
    &queue,
    nullptr,
};
