/* SPDX-License-Identifier: MIT */
#include "core/memory.h"
#include "tests/support/suite.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void new_room_is_zeroed(void)
{
    char *room = memory_new(1000, 3);
    int sum = 0;
    for (size_t i = 0; i < 3000; i++)
        sum += room[i];
    CHECK_INT(sum, 0);
    free(room);
}

static void room_for_nothing_is_no_failure(void)
{
    void *none = memory_new(0, 8);
    CHECK(none != NULL);
    none = memory_resize(none, 0, 8);
    CHECK(none != NULL);
    free(none);
}

static void resizing_keeps_what_was_there(void)
{
    int *numbers = memory_resize(NULL, 1, sizeof *numbers);
    numbers[0] = 42;
    numbers = memory_resize(numbers, 100000, sizeof *numbers);
    numbers[99999] = 7;
    CHECK_INT(numbers[0], 42);
    free(numbers);
}

static void texts_are_copied(void)
{
    char text[] = "worker";
    char *whole = memory_copy(text);
    char *part = memory_copy_n(text, 4);
    char *none = memory_copy_n(text, 0);
    memset(text, 'x', sizeof text - 1);
    CHECK_TEXT(whole, "worker");
    CHECK_TEXT(part, "work");
    CHECK_TEXT(none, "");
    free(whole);
    free(part);
    free(none);
}

static void a_text_is_formatted_at_any_length(void)
{
    char *text = memory_format("%05000d|%s", 1, "end");
    CHECK_INT(strlen(text), 5004);
    CHECK_TEXT(text + 4998, "01|end");
    free(text);
}

/* Asks for more than a size_t can say, in a process of its own; what that one says is in `said`. */
static int ask_too_much(char *said, size_t room)
{
    int fds[2];
    if (pipe(fds) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        void *none = memory_resize(NULL, SIZE_MAX / 2, 3);
        free(none);
        _exit(0);
    }
    int status = -1;
    close(fds[1]);
    ssize_t n = read(fds[0], said, room - 1);
    said[n > 0 ? n : 0] = '\0';
    close(fds[0]);
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static void out_of_memory_ends_with_a_sentence(void)
{
    char said[256];
    int status = ask_too_much(said, sizeof said);
    CHECK(WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), SIGABRT);
    CHECK_TEXT(said, "dynomatic: out of memory\n");
}

static const struct test tests[] = {
    {"new room is zeroed", new_room_is_zeroed},
    {"room for nothing is no failure", room_for_nothing_is_no_failure},
    {"resizing keeps what was there", resizing_keeps_what_was_there},
    {"texts are copied", texts_are_copied},
    {"a text is formatted at any length", a_text_is_formatted_at_any_length},
    {"out of memory ends with a sentence", out_of_memory_ends_with_a_sentence},
};
SUITE_MAIN("memory", tests)
