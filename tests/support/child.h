/* SPDX-License-Identifier: MIT
 * Programs that a test starts and stops, and the folder for their files. */
#ifndef TESTS_SUPPORT_CHILD_H
#define TESTS_SUPPORT_CHILD_H

#include <sys/types.h>

/* A new folder; the caller frees the path, and removes the folder with child_remove_folder(). */
char *child_make_folder(void);
void child_remove_folder(const char *folder);

/* Starts argv[0] (found in PATH) with `folder` as its working directory and `output` (in it) as its
 * standard output and error. It ends with the test. Ends the test if it cannot. */
pid_t child_start(const char *const *argv, const char *folder, const char *output);

/* Ends it with SIGTERM and waits; its exit status as of waitpid(). */
int child_stop(pid_t pid);

/* Runs a shell script in the folder to its end; 0 if it succeeded. */
int child_run(const char *script, const char *folder);

/* Waits until the file in the folder has this text, and returns what stands behind it as a number,
 * -1 if it does not appear within ten seconds. */
long child_number_after(const char *folder, const char *file, const char *text);

/* The whole file, which the caller frees; "" if there is none. */
char *child_file(const char *folder, const char *file);

#endif
