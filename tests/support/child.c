/* SPDX-License-Identifier: MIT */
#include "tests/support/child.h"

#include "core/memory.h"
#include "core/text.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_S = 10 };

char *child_make_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *path = memory_format("%s/dynomatic-test.XXXXXX", base != NULL ? base : "/tmp");
    if (mkdtemp(path) == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    return path;
}

/* What runs in the child. */
static void become(const char *const *argv, const char *folder, const char *output)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int fd = chdir(folder) == 0 ? open(output, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0)
        execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

pid_t child_start(const char *const *argv, const char *folder, const char *output)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        become(argv, folder, output);
    if (pid < 0) {
        perror(argv[0]);
        exit(EXIT_FAILURE);
    }
    return pid;
}

int child_stop(pid_t pid)
{
    int status = -1;
    kill(pid, SIGTERM);
    waitpid(pid, &status, 0);
    return status;
}

int child_run(const char *script, const char *folder)
{
    const char *const argv[] = {"sh", "-ec", script, NULL};
    int status = -1;
    waitpid(child_start(argv, folder, "run.out"), &status, 0);
    return status;
}

void child_remove_folder(const char *folder)
{
    char *script = memory_format("rm -rf '%s'", folder);
    if (system(script) != 0)
        fprintf(stderr, "cannot remove %s\n", folder);
    free(script);
}

char *child_file(const char *folder, const char *file)
{
    char *path = memory_format("%s/%s", folder, file);
    struct text text = {0};
    char chars[4096];
    size_t n;
    FILE *stream = fopen(path, "re");
    while (stream != NULL && (n = fread(chars, 1, sizeof chars, stream)) > 0)
        text_add_n(&text, chars, n);
    if (stream != NULL)
        fclose(stream);
    free(path);
    return text.length > 0 ? text_take(&text) : memory_copy("");
}

/* -1 while it is not there. A number counts once its line is whole. */
static long number_in(const char *chars, const char *text)
{
    const char *found = strstr(chars, text);
    if (found == NULL || strchr(found + strlen(text), '\n') == NULL)
        return -1;
    return strtol(found + strlen(text), NULL, 10);
}

long child_number_after(const char *folder, const char *file, const char *text)
{
    const struct timespec pause = {0, 10000000};
    time_t end = time(NULL) + WAIT_S;
    for (;;) {
        char *chars = child_file(folder, file);
        long number = number_in(chars, text);
        free(chars);
        if (number >= 0 || time(NULL) > end)
            return number;
        nanosleep(&pause, NULL);
    }
}
