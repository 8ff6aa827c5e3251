/* SPDX-License-Identifier: MIT
 * What a scalar says once the environment is put in: ${NAME}, or ${NAME:-text} for the text where
 * the variable is not set or empty. $${ stands for a plain ${; any other $ for itself. */
#include "core/config_tree.h"

#include "core/memory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A reference as it is written, without "${" and "}". */
struct reference {
    const char *chars;
    size_t n_name;
    size_t n_all;
};

/* The mistakes repeat names of variables and nothing else: a default may be a secret. */
static bool read_reference(struct config *config, const struct config_node *node, const char *chars,
                           size_t left, struct reference *found)
{
    const char *end = memchr(chars, '}', left);
    if (end == NULL) {
        config_mistake(config, node,
                       "\"${\" without \"}\": write ${NAME} or ${NAME:-default} for an environment "
                       "variable, and $${ for a plain ${");
        return false;
    }
    *found = (struct reference){chars, 0, (size_t)(end - chars)};
    while (isalnum((unsigned char)chars[found->n_name]) || chars[found->n_name] == '_')
        found->n_name++;
    bool has_default = found->n_all - found->n_name >= 2 && chars[found->n_name] == ':' &&
                       chars[found->n_name + 1] == '-';
    if (found->n_name == 0 || isdigit((unsigned char)chars[0]) ||
        (found->n_name < found->n_all && !has_default)) {
        config_mistake(config, node,
                       "what \"${\" and \"}\" enclose is no name of an environment variable: write "
                       "${NAME} or ${NAME:-default}, and $${ for a plain ${");
        return false;
    }
    if (has_default && memmem(chars, found->n_all, "${", 2) != NULL) {
        config_mistake(config, node, "a default cannot hold another ${");
        return false;
    }
    return true;
}

static bool add_value(struct config *config, const struct config_node *node,
                      const struct reference *reference, struct text *out)
{
    char *name = memory_copy_n(reference->chars, reference->n_name);
    const char *value = getenv(name);
    bool has_default = reference->n_all > reference->n_name;
    if (has_default && (value == NULL || value[0] == '\0'))
        text_add_n(out, reference->chars + reference->n_name + 2,
                   reference->n_all - reference->n_name - 2);
    else if (value != NULL)
        text_add(out, value);
    else
        config_mistake(config, node,
                       "the environment variable %s is not set: set it, or write ${%s:-default}",
                       name, name);
    free(name);
    return value != NULL || has_default;
}

/* Returns whether all references could be replaced; all that cannot are told. */
static bool expand(struct config *config, struct config_node *node, const char *chars, size_t n,
                   struct text *out)
{
    bool is_whole = true;
    for (size_t i = 0; i < n;) {
        const char *at = chars + i;
        size_t left = n - i;
        struct reference reference;
        if (left >= 3 && memcmp(at, "$${", 3) == 0) {
            text_add(out, "${");
            i += 3;
        } else if (left < 2 || memcmp(at, "${", 2) != 0) {
            text_add_n(out, at, 1);
            i++;
        } else if (!read_reference(config, node, at + 2, left - 2, &reference)) {
            return false;
        } else {
            node->is_taken = true;
            is_whole = add_value(config, node, &reference, out) && is_whole;
            i += reference.n_all + 3;
        }
    }
    return is_whole;
}

void config_set_text(struct config *config, struct config_node *node, const char *chars,
                     size_t length)
{
    struct text text = {0};
    if (memchr(chars, '\0', length) != NULL) {
        config_mistake(config, node, "a text cannot hold the character \\0");
        node->is_broken = true;
    } else if (!expand(config, node, chars, length, &text)) {
        node->is_broken = true;
        text_clear(&text);
    }
    node->text = text_take(&text);
}
