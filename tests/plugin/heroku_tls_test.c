/* SPDX-License-Identifier: MIT
 * Whose certificates are trusted, on a server of openssl's with an authority made for the test. */
#include "tests/support/child.h"
#include "tests/support/suite.h"
#include "tests/support/testhost.h"

#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINE_MS = 10000 };

static char *folder; /* of the certificates, and of what the server serves */

/* "good" is for 127.0.0.1, "expired" was, "other" is for another address. */
static const char prepare[] =
    "new='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'\n"
    "openssl req -x509 $new -days 2 -subj /CN=test -keyout ca.key -out ca.pem\n"
    "leaf() { openssl req $new -subj /CN=api -keyout $1.key -out $1.csr\n"
    "  echo \"subjectAltName=$3\" >$1.ext\n"
    "  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days $2"
    " -extfile $1.ext -out $1.pem; }\n"
    "leaf good 2 IP:127.0.0.1\n"
    "leaf expired -1 IP:127.0.0.1\n"
    "leaf other 2 IP:127.0.0.2\n"
    "echo nothing >empty.pem\n"
    "mkdir -p apps/myapp\n"
    "printf 'HTTP/1.1 200 OK\\r\\n\\r\\n[{\"type\":\"worker\",\"quantity\":2}]' "
    ">apps/myapp/formation\n";

struct row {
    const char *certificate; /* of the server */
    const char *ca_file;     /* NULL: the system's */
    int32_t code;
    const char *says; /* NULL: nothing */
};

static const struct row rows[] = {
    {"good", "ca.pem", DYN_OK, NULL},
    {"good", NULL, DYN_BROKEN, "(trusted: the system's certificates)"},
    {"good", "good.key", DYN_BROKEN, "good.key"},
    {"good", "empty.pem", DYN_BROKEN, "empty.pem"},
    {"good", "missing.pem", DYN_BROKEN, "missing.pem"},
    {"expired", "ca.pem", DYN_BROKEN, "certificate has expired"},
    {"other", "ca.pem", DYN_BROKEN, "127.0.0.1"},
};

static pid_t serve(const char *certificate, long *port)
{
    char *cert = memory_format("%s.pem", certificate);
    char *key = memory_format("%s.key", certificate);
    const char *const argv[] = {"openssl", "s_server", "-accept", "127.0.0.1:0", "-cert",
                                cert,      "-key",     key,       "-HTTP",       NULL};
    char *path = memory_format("%s/server.out", folder);
    remove(path);
    pid_t pid = child_start(argv, folder, "server.out");
    *port = child_number_after(folder, "server.out", "ACCEPT 127.0.0.1:");
    free(path);
    free(cert);
    free(key);
    return pid;
}

static struct testhost *open_at(long port, const char *ca_file)
{
    char *ca =
        ca_file != NULL ? memory_format(", ca_file: '%s/%s'", folder, ca_file) : memory_copy("");
    char *options = memory_format("{app: myapp, token: HRKU-AAtls-token, "
                                  "api_url: 'https://127.0.0.1:%ld'%s}",
                                  port, ca);
    struct testhost *host = testhost_open("heroku-formation", options, NULL);
    free(options);
    free(ca);
    return host;
}

static void try_row(const struct row *row)
{
    static const char *const names[] = {"worker"};
    char *name = memory_format("%s trusting %s", row->certificate,
                               row->ca_file != NULL ? row->ca_file : "the system");
    long port;
    pid_t server = serve(row->certificate, &port);
    struct testhost *host = open_at(port, row->ca_file);
    suite_check_int(testhost_read(host, names, 1, DEADLINE_MS), row->code, name, __FILE__,
                    __LINE__);
    suite_check_has(testhost_failure(host), row->says != NULL ? row->says : "", name, __FILE__,
                    __LINE__);
    suite_check_int(testhost_value(host, 0, DYN_SIZE).doubt == KNOWN_EXACT, row->code == DYN_OK,
                    name, __FILE__, __LINE__);
    testhost_close(host);
    child_stop(server);
    free(name);
}

static void certificates_are_verified(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        try_row(&rows[i]);
}

/* The connection is dropped although the server is gone: no signal, no waiting. */
static void closing_after_the_server_is_gone(void)
{
    static const char *const names[] = {"worker"};
    long port;
    pid_t server = serve("good", &port);
    struct testhost *host = open_at(port, "ca.pem");
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    child_stop(server);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_RETRY);
    testhost_close(host);
}

static const struct test tests[] = {
    {"certificates are verified", certificates_are_verified},
    {"closing after the server is gone", closing_after_the_server_is_gone},
};

int main(int argc, char **argv)
{
    folder = child_make_folder();
    int status = 77;
    if (child_run("openssl version", folder) != 0)
        puts("1..0 # SKIP openssl is missing: it makes the certificates");
    else if (child_run(prepare, folder) != 0)
        status = EXIT_FAILURE;
    else
        status = suite_run("heroku tls", tests, sizeof tests / sizeof *tests, argc, argv);
    child_remove_folder(folder);
    free(folder);
    return status;
}
