/* SPDX-License-Identifier: MIT
 * dynomatic-fake-heroku: a local stand-in for Heroku's API. One thread, one loop. */
#include "core/text.h"
#include "tests/fake-heroku/arguments.h"
#include "tests/fake-heroku/keeper.h"
#include "tests/fake-heroku/listen.h"
#include "tests/fake-heroku/platform.h"
#include "tests/fake-heroku/server.h"
#include "tests/fake-heroku/setup.h"
#include "tests/fake-heroku/when.h"

#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define NAME "dynomatic-fake-heroku"

enum { USAGE = 2 };

/* The program, as far as it has come. */
struct fake {
    struct arguments arguments;
    struct platform platform;
    struct loop *loop;
    struct server *server;
    struct server_tls tls; /* NULLs: plain HTTP */
    struct watch signals;
    struct process_list strangers; /* children that whoever became us by exec left us */
    bool is_stopping;
};

static int complain(int status, const char *text)
{
    fprintf(stderr, NAME ": %s\n", text);
    if (status == USAGE)
        fprintf(stderr, "Try `" NAME " --help', or the manual page.\n");
    return status;
}

static int print_help(void)
{
    char *options = arguments_help();
    printf("Usage: " NAME " --port N [OPTION]...\n"
           "A local stand-in for Heroku's platform API.\n\n%s\n"
           "Control over /_fake/state, /_fake/summary and more: see " NAME "(1).\n",
           options);
    free(options);
    return EXIT_SUCCESS;
}

/* What is opened from here on is never 0, 1 or 2. */
static void open_streams(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = dup(fd);
    if (fd >= 0)
        close(fd);
}

/* ---- Stopping ---- */

/* The first time gently, the second time at once. */
static void stop(struct fake *fake)
{
    server_quiesce(fake->server);
    for (size_t i = 0; i < fake->platform.n_apps; i++)
        if (fake->is_stopping)
            app_kill(fake->platform.apps[i]);
        else
            app_stop(fake->platform.apps[i]);
    fake->is_stopping = true;
}

static void signal_came(void *self)
{
    struct fake *fake = self;
    struct signalfd_siginfo info;
    if (read(fake->signals.fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo == SIGCHLD)
        platform_reap(&fake->platform);
    else
        stop(fake);
}

/* Signals are read as they come; what the fake was started with is put right. */
static int take_signals(struct fake *fake, struct error *error)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return error_set(error, "cannot take signals: %s", strerror(errno));
    fake->signals = (struct watch){fd, signal_came, fake};
    loop_add(fake->loop, &fake->signals, LOOP_READ);
    return 0;
}

/* ---- Life ---- */

/* NULL if it cannot be read. */
static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    struct text text = {0};
    char part[4096];
    size_t n;
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        text_add_n(&text, part, n);
    bool is_whole = ferror(file) == 0;
    fclose(file);
    char *all = text_take(&text);
    if (!is_whole) {
        free(all);
        return NULL;
    }
    return all;
}

static int read_tls(struct fake *fake, struct error *error)
{
    const struct arguments *arguments = &fake->arguments;
    if (arguments->tls_certificate == NULL && arguments->tls_key == NULL)
        return 0;
    if (arguments->tls_certificate == NULL || arguments->tls_key == NULL)
        return error_set(error, "--tls-certificate and --tls-key go together");
    fake->tls.certificate = read_file(arguments->tls_certificate);
    fake->tls.key = read_file(arguments->tls_key);
    if (fake->tls.certificate == NULL || fake->tls.key == NULL)
        return error_set(error, "cannot read %s",
                         fake->tls.key == NULL ? arguments->tls_key : arguments->tls_certificate);
    return 0;
}

static int open_parts(struct fake *fake, struct error *error)
{
    const struct arguments *arguments = &fake->arguments;
    struct platform *platform = &fake->platform;
    fake->strangers = process_children();
    /* What a dyno leaves behind becomes our child, so that we see its end. */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (arguments->port_file != NULL)
        unlink(arguments->port_file); /* of a run before: it must not be taken for ours */
    platform->house.keeper = keeper_new(error);
    if (platform->house.keeper == NULL)
        return -1;
    fake->loop = platform->house.loop = loop_new();
    if (fake->loop == NULL)
        return error_set(error, "cannot wait for descriptors: %s", strerror(errno));
    platform->record = record_new(arguments->log, error);
    platform->house.log = dynolog_new(arguments->dyno_log, error);
    if (platform->record == NULL || platform->house.log == NULL || take_signals(fake, error) < 0)
        return -1;
    if (read_tls(fake, error) < 0)
        return -1;
    fake->server = server_new(platform, fake->loop, arguments->host, arguments->port,
                              fake->tls.key != NULL ? &fake->tls : NULL, error);
    return fake->server != NULL ? 0 : -1;
}

static void close_parts(struct fake *fake)
{
    struct platform *platform = &fake->platform;
    process_sweep(platform->house.keeper, &fake->strangers);
    free(fake->strangers.at);
    server_free(fake->server);
    free(fake->tls.certificate);
    free(fake->tls.key);
    if (fake->server != NULL && fake->arguments.port_file != NULL)
        unlink(fake->arguments.port_file);
    if (fake->signals.fd > 0)
        close(fake->signals.fd);
    record_free(platform->record);
    dynolog_free(platform->house.log);
    keeper_free(platform->house.keeper);
}

static void announce(const struct fake *fake)
{
    fprintf(stderr, NAME ": listening on http%s://%s:%d, app", fake->tls.key != NULL ? "s" : "",
            fake->arguments.host, server_port(fake->server));
    for (size_t i = 0; i < fake->platform.n_apps; i++)
        fprintf(stderr, "%s %s", i > 0 ? "," : "", fake->platform.apps[i]->name);
    fputs("\n", stderr);
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void serve(struct fake *fake)
{
    struct platform *platform = &fake->platform;
    while (!fake->is_stopping || !platform_is_quiet(platform)) {
        int64_t served_ms = server_run(fake->server, when_ms());
        int64_t due_ms = platform_tick(platform, when_ms());
        if (platform->is_told_to_stop && !fake->is_stopping)
            stop(fake);
        else if (!fake->is_stopping || !platform_is_quiet(platform))
            loop_once(fake->loop, sooner(served_ms, due_ms));
    }
}

static int live(struct fake *fake, struct error *error)
{
    if (open_parts(fake, error) < 0)
        return -1;
    setup_dynos(&fake->platform, &fake->arguments);
    if (fake->arguments.port_file != NULL &&
        listen_tell(fake->arguments.port_file, server_port(fake->server), error) < 0)
        return -1;
    announce(fake);
    serve(fake);
    return 0;
}

static int run(struct fake *fake, int argc, char **argv)
{
    struct error error = {0};
    if (arguments_read(&fake->arguments, argc, argv, &error) < 0)
        return complain(USAGE, error.text);
    if (fake->arguments.wants_help)
        return print_help();
    if (fake->arguments.wants_version) {
        printf(NAME " %s\n", PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    platform_init(&fake->platform);
    int status = EXIT_SUCCESS;
    if (setup_platform(&fake->platform, &fake->arguments, &error) < 0) {
        status = complain(USAGE, error.text);
    } else {
        if (live(fake, &error) < 0)
            status = complain(EXIT_FAILURE, error.text);
        close_parts(fake);
    }
    platform_fini(&fake->platform);
    loop_free(fake->loop);
    return status;
}

int main(int argc, char **argv)
{
    struct fake fake = {0};
    open_streams();
    int status = run(&fake, argc, argv);
    arguments_fini(&fake.arguments);
    return status;
}
