/* SPDX-License-Identifier: MIT */
#include "kit/object.h"

#include "core/memory.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ELF_CLASS (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32)

struct file {
    const char *bytes;
    size_t length;
};

static struct file map_file(const char *path)
{
    struct stat status;
    struct file file = {NULL, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0) {
        void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes != MAP_FAILED)
            file = (struct file){bytes, (size_t)status.st_size};
    }
    if (fd >= 0)
        close(fd);
    return file;
}

/* A part of the file; NULL if it does not lie within it. */
static const void *part(const struct file *file, uint64_t offset, uint64_t size)
{
    return offset <= file->length && size <= file->length - offset ? file->bytes + offset : NULL;
}

/* The section of the dynamic symbols; NULL if there is none. `*sections` gets them all. */
static const ElfW(Shdr) * find_symbols(const struct file *file, const ElfW(Shdr) * *sections)
{
    const ElfW(Ehdr) *header = part(file, 0, sizeof *header);
    if (header == NULL || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_ident[EI_CLASS] != ELF_CLASS || header->e_type != ET_DYN)
        return NULL;
    *sections = part(file, header->e_shoff, (uint64_t)header->e_shnum * sizeof **sections);
    for (size_t i = 0; *sections != NULL && i < header->e_shnum; i++)
        if ((*sections)[i].sh_type == SHT_DYNSYM && (*sections)[i].sh_link < header->e_shnum)
            return &(*sections)[i];
    return NULL;
}

/* What is not defined is wanted; weak, it may be missing. */
static bool is_wanted(const ElfW(Sym) * symbol)
{
    return symbol->st_shndx == SHN_UNDEF && ELF64_ST_BIND(symbol->st_info) == STB_GLOBAL;
}

/* A file or section of the linker's own is no symbol of the plugin. */
static bool is_exported(const ElfW(Sym) * symbol)
{
    unsigned bind = ELF64_ST_BIND(symbol->st_info);
    return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
           (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
           ELF64_ST_VISIBILITY(symbol->st_other) == STV_DEFAULT;
}

static struct object_symbols select_symbols(const char *path,
                                            bool (*is_selected)(const ElfW(Sym) *))
{
    struct file file = map_file(path);
    struct object_symbols selected = {NULL, 0};
    const ElfW(Shdr) * sections;
    const ElfW(Shdr) *section = find_symbols(&file, &sections);
    const ElfW(Sym) *symbols =
        section != NULL ? part(&file, section->sh_offset, section->sh_size) : NULL;
    if (symbols == NULL)
        return selected;
    const ElfW(Shdr) *strings = &sections[section->sh_link];
    size_t n = section->sh_size / sizeof *symbols;
    selected.names = memory_new(n, sizeof *selected.names);
    for (size_t i = 1; i < n; i++) { /* the first is none */
        const char *name = part(&file, strings->sh_offset + symbols[i].st_name, 1);
        if (name != NULL && name[0] != '\0' && is_selected(&symbols[i]))
            selected.names[selected.n++] = name;
    }
    return selected;
}

struct object_symbols object_exported(const char *path)
{
    return select_symbols(path, is_exported);
}

struct object_symbols object_wanted(const char *path)
{
    return select_symbols(path, is_wanted);
}
