/* SPDX-License-Identifier: MIT
 * The command line as the person wrote it, in its shape; setup.h makes a platform of it. */
#ifndef FAKE_ARGUMENTS_H
#define FAKE_ARGUMENTS_H

#include "core/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts that belong to the command line. */
struct words {
    const char **at;
    size_t n;
};

struct app_arguments {
    const char *name; /* NULL: none was given yet */
    struct words formations;
    struct words environment;
    const char *procfile;
    const char *tier;
    bool is_in_maintenance;
};

enum token_kind { TOKEN_GLOBAL, TOKEN_WRITE, TOKEN_READ, TOKEN_EXPIRED, TOKEN_FOREIGN };

struct token_argument {
    const char *text;
    enum token_kind kind;
};

struct arguments {
    const char *host;
    int port; /* -1: not given */
    const char *port_file;
    const char *log;
    const char *dyno_log;
    struct app_arguments *apps; /* at least one; what is said before the first --app is of it too */
    size_t n_apps;
    struct token_argument *tokens;
    size_t n_tokens;
    int64_t token_expires_ms; /* WHEN_NEVER */
    double rate_size;
    double rate_per_second;
    double rate_left; /* -1: as many as there can be */
    const char *retry_after;
    struct words limits;
    struct words faults;
    bool replies_all_types;
    long page; /* 0: lists come whole */
    const char *tls_certificate;
    const char *tls_key;
    int64_t boot_ms;
    int64_t grace_ms;
    int64_t stop_ms;
    int64_t crash_first_ms;
    int64_t crash_most_ms;
    int web_port;
    bool wants_help;
    bool wants_version;
};

/* -1 and the error: a sentence about the argument that is wrong. */
int arguments_read(struct arguments *arguments, int argc, char **argv, struct error *error);
void arguments_fini(struct arguments *arguments);

/* The summary of all options: the caller's, free(). */
char *arguments_help(void);

#endif
