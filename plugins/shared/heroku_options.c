/* SPDX-License-Identifier: MIT
 * What a row of the option table cannot say of Heroku's options. */
#include "shared/heroku.h"

#include <dynomatic/util.h>

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static int32_t check_app(const struct dyn_host *host, const char *app)
{
    if (app[0] != '\0' && strspn(app, LETTERS DIGITS "-_") == strlen(app))
        return DYN_OK;
    return dyn_failf(host, DYN_BROKEN,
                     "app \"%s\" is not the name of an app: it has letters, digits and dashes",
                     app);
}

/* It goes into a header, which a line break in it would end. Not shown: it is a secret. */
static int32_t check_token(const struct dyn_host *host, const char *token)
{
    if (token[0] == '\0')
        return host->fail(host, DYN_BROKEN, "token is empty");
    for (size_t i = 0; token[i] != '\0'; i++)
        if (token[i] <= ' ' || token[i] > '~')
            return dyn_failf(host, DYN_BROKEN,
                             "token has a space, a line break or another strange character at "
                             "place %zu: give it as it was printed",
                             i + 1);
    return DYN_OK;
}

static bool is_loopback(const char *host, size_t length)
{
    char name[64];
    struct in_addr address;
    if (length >= sizeof name)
        return false;
    memcpy(name, host, length);
    name[length] = '\0';
    if (strcasecmp(name, "localhost") == 0 || strcmp(name, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/* Where the host in an address ends: at its port or at its path. */
static size_t host_length(const char *host)
{
    return host[0] == '[' ? strcspn(host, "]/") + 1 : strcspn(host, ":/");
}

bool heroku_is_plain(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0;
}

/* The value may hold a password by mistake, so it is shown only once that is excluded. */
static int32_t check_url(const struct dyn_host *host, const char *url)
{
    bool is_plain = heroku_is_plain(url);
    if (!is_plain && strncasecmp(url, "https://", 8) != 0)
        return host->fail(host, DYN_BROKEN, "api_url does not begin with https://");
    const char *name = url + (is_plain ? 7 : 8);
    size_t length = host_length(name);
    if (strchr(url, '@') != NULL)
        return host->fail(host, DYN_BROKEN,
                          "api_url has a user name or a password: only the token is sent");
    if (length == 0 || strspn(name, LETTERS DIGITS "-._~:/[]%") != strlen(name))
        return dyn_failf(
            host, DYN_BROKEN,
            "api_url \"%s\" is not the address of an API, as https://api.heroku.com is", url);
    if (is_plain && !is_loopback(name, length))
        return dyn_failf(host, DYN_BROKEN,
                         "api_url \"%s\" would send the token unencrypted over the network: use "
                         "https:// (http:// is only for 127.0.0.1, [::1] and localhost)",
                         url);
    return DYN_OK;
}

int32_t heroku_check_options(const struct dyn_host *host, const struct heroku_config *config)
{
    int32_t code = check_app(host, config->app);
    if (code == DYN_OK)
        code = check_token(host, config->token);
    if (code == DYN_OK)
        code = check_url(host, config->api_url);
    return code;
}
