/* SPDX-License-Identifier: MIT
 * A scaler back-end in C++, to copy. The platform is one file, with a line for each pool:
 *
 *     mail 2
 *     pdf 0
 *
 * Whoever starts the workers reads it. The third worker of the pool "mail" is "mail.3", and a
 * smaller number stops the highest first.
 *
 *     c++ -shared -fPIC $(pkg-config --cflags dynomatic) sizes.cc -o sizes.so \
 *         -Wl,--version-script=$(pkg-config --variable=exports dynomatic)
 *     scaler: { backend: ./sizes.so, file: /var/lib/sizes }
 */
#include <dynomatic/util.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <fstream>
#include <map>
#include <new>
#include <stdexcept>
#include <string>

namespace
{

// What the host fills by the rows below. It lives until close.
struct config {
    const char *file;
};

// The file is the place: two pools that set one name in one file would undo each other's work.
const dyn_option options[] = {
    {"file", nullptr, nullptr, "SIZES_FILE", "the file with a line \"POOL SIZE\" for each pool",
     DYN_TEXT, DYN_REQUIRED | DYN_PLACE, offsetof(config, file), 0},
};

using table = std::map<std::string, int64_t>;

std::runtime_error trouble(const std::string &what, const std::string &file)
{
    return std::runtime_error(what + " " + file + ": " + std::strerror(errno));
}

// A line that cannot be read is no size: the whole file is doubted.
table read_table(const std::string &file)
{
    std::ifstream in(file);
    if (!in)
        throw trouble("cannot open", file);
    table sizes;
    std::string name;
    int64_t size = 0;
    while (in >> name) {
        if (!(in >> size) || size < 0)
            throw std::runtime_error("no size after \"" + name + "\" in " + file);
        sizes[name] = size;
    }
    if (in.bad())
        throw trouble("cannot read", file);
    return sizes;
}

// The file is replaced as a whole, so that nobody reads half of it.
void write_table(const std::string &file, const table &sizes)
{
    const std::string next = file + ".next";
    std::ofstream out(next, std::ios::trunc);
    for (const auto &line : sizes)
        out << line.first << ' ' << line.second << '\n';
    out.close();
    if (!out || std::rename(next.c_str(), file.c_str()) != 0)
        throw trouble("cannot write", file);
}

// The number of a worker of this pool, "mail.3" being 3; 0 if it is another's.
int64_t number_of(const std::string &worker, const std::string &pool)
{
    if (worker.compare(0, pool.size() + 1, pool + ".") != 0)
        return 0;
    return std::strtoll(worker.c_str() + pool.size() + 1, nullptr, 10);
}

// The size to set: one that is smaller than before stops none of the workers that must stay.
int64_t sparing(const dyn_change &change, int64_t before)
{
    int64_t size = change.size;
    for (uint32_t i = 0; i < change.n_keep && size < before; i++)
        size = std::max(size, std::min(before, number_of(change.keep[i], change.name)));
    return size;
}

// An instance. Several may be open and run at the same time, so nothing of it is static.
class sizes
{
  public:
    sizes(const dyn_host *host, const config *config) : host_(host), config_(config) {}

    const dyn_host *host() const
    {
        return host_;
    }

    int32_t read(const char *const *names, uint32_t n) const
    {
        const table sizes = read_table(config_->file);
        for (uint32_t i = 0; i < n; i++)
            answer(i, names[i], sizes);
        return DYN_OK;
    }

    // Sizes are absolute, so repeating it is safe; and what is so already is not written again.
    int32_t apply(const dyn_change *changes, uint32_t n) const
    {
        const table before = read_table(config_->file);
        table after = before;
        for (uint32_t i = 0; i < n; i++) {
            const auto size = after.find(changes[i].name);
            if (size != after.end())
                size->second = sparing(changes[i], size->second);
        }
        if (after != before)
            write_table(config_->file, after);
        for (uint32_t i = 0; i < n; i++)
            answer(i, changes[i].name, after);
        return DYN_OK;
    }

  private:
    // A pool that the file lacks does not hold up the others: it is told so, and has no size.
    void answer(uint32_t index, const std::string &name, const table &sizes) const
    {
        const auto size = sizes.find(name);
        if (size != sizes.end())
            host_->put(host_, index, DYN_SIZE, size->second, 0);
        else
            host_->unknown(host_, index, ("no line \"" + name + "\" in " + config_->file).c_str());
    }

    const dyn_host *host_;
    const config *config_;
};

// ---- The contract: no exception leaves a function ----

// Runs one call. A file that cannot be used now may be there later.
template <typename Call> int32_t guard(void *self, const dyn_call *call, Call run)
{
    const sizes &it = *static_cast<const sizes *>(self);
    try {
        if (dyn_is_over(call))
            return it.host()->fail(it.host(), DYN_LATE, "out of time");
        return run(it);
    } catch (const std::exception &why) {
        return it.host()->fail(it.host(), DYN_RETRY, why.what());
    }
}

int32_t sizes_read(void *self, const dyn_call *call, const char *const *names, uint32_t n)
{
    return guard(self, call, [=](const sizes &it) { return it.read(names, n); });
}

int32_t sizes_apply(void *self, const dyn_call *call, const dyn_change *changes, uint32_t n)
{
    return guard(self, call, [=](const sizes &it) { return it.apply(changes, n); });
}

// Opening does no I/O: the first reading is the first look.
int32_t sizes_open(const dyn_host *host, const void *options, void **self)
{
    sizes *it = new (std::nothrow) sizes(host, static_cast<const config *>(options));
    if (it == nullptr)
        return host->fail(host, DYN_RETRY, "out of memory");
    *self = it;
    return DYN_OK;
}

void sizes_close(void *self)
{
    delete static_cast<sizes *>(self);
}

const dyn_scaler scaler = {sizeof scaler, 0, sizes_read, sizes_apply, nullptr, nullptr};

} // namespace

const dyn_plugin dynomatic_plugin = {
    sizeof dynomatic_plugin,
    DYN_ABI,
    "sizes", // as the file's: sizes.so
    "1",
    "keeps sizes in the lines of a file",
    options,
    DYN_COUNT(options),
    sizeof(dyn_option),
    sizeof(config),
    0,
    nullptr,
    sizes_open,
    sizes_close,
    nullptr,
    &scaler,
};
