/* SPDX-License-Identifier: MIT
 * What belongs to the process, and a plugin leaves alone. */
#include "kit/check.h"

#include "kit/exercise.h"
#include "kit/syscalls.h"
#include "kit/trial.h"

#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void check_prints(const struct subject *subject)
{
    exercise(subject, NULL);
    if (trial_printed() > 0)
        trial_fail("it wrote to standard output or error");
}

void check_locale(const struct subject *subject)
{
    exercise(subject, NULL);
    const char *now = setlocale(LC_ALL, NULL);
    if (strcmp(now, "C") != 0)
        trial_fail("the locale is \"%s\" now, and was \"C\"", now);
    if (uselocale((locale_t)0) != LC_GLOBAL_LOCALE)
        trial_fail("the thread has a locale of its own now");
}

void check_umask(const struct subject *subject)
{
    umask(027);
    exercise(subject, NULL);
    mode_t now = umask(027);
    if (now != 027)
        trial_fail("the umask is %03o now, and was 027", (unsigned)now);
}

/* What happens at each signal, and which are held back. */
struct signals {
    struct sigaction actions[NSIG];
    sigset_t mask;
};

static void read_signals(struct signals *signals)
{
    for (int i = 1; i < NSIG; i++)
        sigaction(i, NULL, &signals->actions[i]);
    pthread_sigmask(SIG_BLOCK, NULL, &signals->mask);
}

void check_signals(const struct subject *subject)
{
    static struct signals before; /* zeroed, so that what no call fills in is the same */
    static struct signals after;
    read_signals(&before);
    exercise(subject, NULL);
    read_signals(&after);
    for (int i = 1; i < NSIG; i++) {
        if (before.actions[i].sa_handler != after.actions[i].sa_handler)
            trial_fail("it changed what happens at signal %d (%s)", i, strsignal(i));
        if (sigismember(&before.mask, i) != sigismember(&after.mask, i))
            trial_fail("it changed whether signal %d is held back (%s)", i, strsignal(i));
    }
}

void check_folder(const struct subject *subject)
{
    char before[PATH_MAX];
    char after[PATH_MAX];
    if (getcwd(before, sizeof before) == NULL)
        trial_skip("the working directory is gone");
    exercise(subject, NULL);
    if (getcwd(after, sizeof after) == NULL || strcmp(before, after) != 0)
        trial_fail("the working directory is another one now");
}

void check_processes(const struct subject *subject)
{
    host_close(host_opened(subject));
    syscalls_forbid_processes();
    exercise(subject, NULL);
}
