// SPDX-License-Identifier: MIT
// A queue adapter in C++: it counts the letters of its words. No exception leaves it.
#include <dynomatic/util.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace
{

struct config {
    struct dyn_list words;
};

const dyn_option options[] = {
    {"words", "jobs", nullptr, nullptr, "what is counted", DYN_LIST, 0, offsetof(config, words), 0},
};

class counter
{
  public:
    counter(const dyn_host *host, const config &config)
        : host_(host), words_(config.words.items, config.words.items + config.words.n)
    {
    }

    int32_t measure(const dyn_call *call, uint32_t n) const
    {
        if (dyn_is_over(call))
            return host_->fail(host_, DYN_LATE, "out of time");
        int64_t letters = 0;
        for (const std::string &word : words_)
            letters +=
                static_cast<int64_t>(word.at(0) == '!' ? throw std::bad_exception() : word.size());
        for (uint32_t i = 0; i < n; i++)
            host_->put(host_, i, DYN_WAITING, letters, 0);
        return DYN_OK;
    }

    int32_t fail(const std::exception &why) const
    {
        return dyn_failf(host_, DYN_BROKEN, "the words cannot be counted: %s", why.what());
    }

  private:
    const dyn_host *host_;
    std::vector<std::string> words_;
};

int32_t cpp_open(const dyn_host *host, const void *options, void **self)
{
    try {
        *self = new counter(host, *static_cast<const config *>(options));
        return DYN_OK;
    } catch (const std::exception &why) {
        return host->fail(host, DYN_RETRY, why.what());
    }
}

void cpp_close(void *self)
{
    delete static_cast<counter *>(self);
}

int32_t cpp_measure(void *self, const dyn_call *call, const dyn_group *, uint32_t n)
{
    const counter &it = *static_cast<const counter *>(self);
    try {
        return it.measure(call, n);
    } catch (const std::exception &why) {
        return it.fail(why);
    }
}

const dyn_queue queue = {
    sizeof queue, DYN_BIT(DYN_WAITING), cpp_measure, nullptr, nullptr, nullptr, nullptr,
};

} // namespace

const dyn_plugin dynomatic_plugin = {
    sizeof dynomatic_plugin,
    DYN_ABI,
    "cpp",
    "1",
    "a queue adapter in C++",
    options,
    DYN_COUNT(options),
    sizeof(dyn_option),
    sizeof(config),
    0,
    nullptr,
    cpp_open,
    cpp_close,
    &queue,
    nullptr,
};
