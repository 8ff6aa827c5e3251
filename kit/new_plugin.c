/* SPDX-License-Identifier: MIT
 * dynomatic new-plugin: a small project that works, made of the examples. They are files like any
 * other: in the source of each the name changes, in the rest @NAME@ and its like. */
#include <config.h>

#include "core/command.h"
#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a project is made of. */
static const struct template
{
    const char *kind;
    const char *language;
    const char *plugin; /* its name in the examples */
    const char *ending; /* of its source */
    const char *test;
    const char *states; /* NULL: none */
}
templates[] = {
    {"queue", "c", "spool", "c", "queue.sh", "queue.yml"},
    {"queue", "c++", "folder", "cc", "queue.sh", "queue.yml"},
    {"scaler", "c", "files", "c", "files.sh", NULL},
    {"scaler", "c++", "sizes", "cc", "sizes.sh", NULL},
};
enum { N_TEMPLATES = sizeof templates / sizeof templates[0], MOST_FILES = 5 };

/* One file of the project, as it will be. */
struct file {
    char *path;
    struct text chars;
};

struct project {
    const char *name;
    const struct template *template;
    struct file files[MOST_FILES];
    size_t n;
};

/* ---- The command line ---- */

static int print_help(void)
{
    struct text text = {0};
    text_add(
        &text,
        "dynomatic new-plugin begins a plugin of your own: a small project that works.\n\n"
        "Usage: dynomatic new-plugin NAME --kind queue|scaler [--lang c|c++]\n\n"
        "  -k, --kind KIND  queue: reads how much work waits; scaler: sets how many workers run\n"
        "  -l, --lang LANG  its language (c)\n"
        "  -h, --help       print this\n\n"
        "It is written to ./NAME, which must not be there. The manual: dynomatic-plugin(3).\n");
    int status = command_print(&text);
    text_fini(&text);
    return status;
}

static int usage(const char *before, const char *word, const char *after)
{
    fprintf(stderr,
            "dynomatic new-plugin: %s%s%s; dynomatic new-plugin --help tells what there is\n",
            before, word, after);
    return EXIT_USAGE;
}

/* That of a file, of a key in YAML, and of a target in a Makefile. */
static int check_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_");
    if (length == strlen(name) && length > 0 && length <= 64 && name[0] >= 'a' && name[0] <= 'z')
        return EXIT_DONE;
    return usage("the name \"", name, "\" is not lower case letters, digits, - and _");
}

static const struct template *find_template(const char *kind, const char *language)
{
    for (size_t i = 0; i < N_TEMPLATES; i++)
        if (strcmp(templates[i].kind, kind) == 0 && strcmp(templates[i].language, language) == 0)
            return &templates[i];
    return NULL;
}

/* ---- The files ---- */

static void replace(struct text *chars, const char *from, const char *to)
{
    struct text replaced = {0};
    const char *at = text_chars(chars);
    for (const char *found; (found = strstr(at, from)) != NULL; at = found + strlen(from)) {
        text_add_n(&replaced, at, (size_t)(found - at));
        text_add(&replaced, to);
    }
    text_add(&replaced, at);
    text_fini(chars);
    *chars = replaced;
}

/* The name of the example becomes that of the project where it names the plugin: "spool", spool.so,
 * spool.c. What its code calls a spool stays one, for its author to change. */
static void rename_plugin(const struct project *project, struct text *chars)
{
    static const char *const around[][2] = {{"\"", "\""}, {"", ".so"}, {"", ".c"}};
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        const char *const *form = around[i];
        char *from = memory_format("%s%s%s", form[0], project->template->plugin, form[1]);
        char *to = memory_format("%s%s%s", form[0], project->name, form[1]);
        replace(chars, from, to);
        free(from);
        free(to);
    }
}

static void fill_in(const struct project *project, struct text *chars)
{
    const struct template *template = project->template;
    char *source = memory_format("%s.%s", project->name, template->ending);
    bool is_c = strcmp(template->language, "c") == 0;
    replace(chars, "@NAME@", project->name);
    replace(chars, "@SOURCE@", source);
    replace(chars, "@COMPILE@", is_c ? "$(CC) $(CFLAGS)" : "$(CXX) $(CXXFLAGS)");
    replace(chars, "@KIND@",
            strcmp(template->kind, "queue") == 0 ? "queue adapter" : "scaler back-end");
    free(source);
}

/* The folder of the examples. */
static const char *examples(void)
{
    const char *named = getenv("DYNOMATIC_EXAMPLES");
    return named != NULL && named[0] != '\0' ? named : EXAMPLE_FOLDER;
}

/* Takes a file of the examples into the project. */
static int add_file(struct project *project, const char *from, const char *to)
{
    char *path = memory_format("%s/%s", examples(), from);
    struct file *file = &project->files[project->n];
    FILE *stream = fopen(path, "re");
    char chars[4096];
    if (stream == NULL) {
        fprintf(stderr, "dynomatic new-plugin: cannot read %s: %s\n", path, strerror(errno));
        free(path);
        return EXIT_FAILED;
    }
    for (size_t n; (n = fread(chars, 1, sizeof chars, stream)) > 0;)
        text_add_n(&file->chars, chars, n);
    fclose(stream);
    free(path);
    file->path = memory_format("%s/%s", project->name, to);
    project->n++;
    return EXIT_DONE;
}

static int add_source(struct project *project)
{
    const struct template *template = project->template;
    char *from = memory_format("%s.%s", template->plugin, template->ending);
    char *to = memory_format("%s.%s", project->name, template->ending);
    int status = add_file(project, from, to);
    if (status == EXIT_DONE)
        rename_plugin(project, &project->files[project->n - 1].chars);
    free(from);
    free(to);
    return status;
}

static int add_part(struct project *project, const char *part, const char *to)
{
    char *from = memory_format("project/%s", part);
    int status = add_file(project, from, to);
    if (status == EXIT_DONE)
        fill_in(project, &project->files[project->n - 1].chars);
    free(from);
    return status;
}

/* Everything is read before anything is written. */
static int read_all(struct project *project)
{
    const struct template *template = project->template;
    int status = add_source(project);
    if (status == EXIT_DONE)
        status = add_part(project, "Makefile", "Makefile");
    if (status == EXIT_DONE)
        status = add_part(project, "README.md", "README.md");
    if (status == EXIT_DONE)
        status = add_part(project, template->test, "test.sh");
    if (status == EXIT_DONE && template->states != NULL)
        status = add_part(project, template->states, "states.yml");
    return status;
}

static int write_file(const struct file *file)
{
    FILE *stream = fopen(file->path, "wxe");
    bool is_good = stream != NULL && fputs(text_chars(&file->chars), stream) >= 0;
    is_good = stream != NULL && fclose(stream) == 0 && is_good;
    if (is_good)
        return EXIT_DONE;
    fprintf(stderr, "dynomatic new-plugin: cannot write %s: %s\n", file->path, strerror(errno));
    return EXIT_FAILED;
}

static int tell(const struct project *project)
{
    struct text text = {0};
    for (size_t i = 0; i < project->n; i++)
        text_add_format(&text, "%s\n", project->files[i].path);
    text_add_format(&text, "\nNow: cd %s && make check, and make it yours in %s.\n", project->name,
                    project->files[0].path + strlen(project->name) + 1);
    int status = command_print(&text);
    text_fini(&text);
    return status;
}

static int write_all(const struct project *project)
{
    if (mkdir(project->name, 0755) < 0) {
        fprintf(stderr, "dynomatic new-plugin: cannot make ./%s: %s\n", project->name,
                strerror(errno));
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < project->n; i++)
        if (write_file(&project->files[i]) != EXIT_DONE)
            return EXIT_FAILED;
    return tell(project);
}

static int make_project(const char *name, const struct template *template)
{
    struct project project = {.name = name, .template = template};
    int status = read_all(&project);
    if (status == EXIT_DONE)
        status = write_all(&project);
    for (size_t i = 0; i < MOST_FILES; i++) {
        free(project.files[i].path);
        text_fini(&project.files[i].chars);
    }
    return status;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"kind", required_argument, NULL, 'k'},
        {"lang", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *kind = NULL;
    const char *language = "c";
    int option;
    while ((option = getopt_long(argc, argv, "k:l:h", options, NULL)) != -1) {
        if (option == 'h')
            return print_help();
        if (option == '?')
            return usage("this is no option of it", "", "");
        *(option == 'k' ? &kind : &language) = optarg;
    }
    if (argc - optind != 1)
        return usage(optind < argc ? "one name is enough" : "no name is given", "", "");
    if (kind == NULL)
        return usage("--kind is missing: queue or scaler", "", "");
    const struct template *template = find_template(kind, language);
    if (template == NULL)
        return usage("--kind is queue or scaler, and --lang c or c++", "", "");
    int status = check_name(argv[optind]);
    return status == EXIT_DONE ? make_project(argv[optind], template) : status;
}
