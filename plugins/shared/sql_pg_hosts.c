/* SPDX-License-Identifier: MIT */
#include "shared/sql_pg.h"

#include <stdlib.h>
#include <string.h>

/* The lists are libpq's: "a,b", of which any part may be empty. */

static size_t length_of(const char *list)
{
    size_t n = 1;
    for (const char *comma = list; (comma = strchr(comma, ',')) != NULL; comma++)
        n++;
    return n;
}

static char *element_of(char *list, size_t i)
{
    while (i-- > 0)
        list = strchr(list, ',') + 1;
    return list;
}

static bool is_element(char *list, size_t i, const char *text)
{
    const char *element = element_of(list, i);
    size_t n = strcspn(element, ",");
    return strlen(text) == n && memcmp(element, text, n) == 0;
}

static void cut_element(char *list, size_t i)
{
    char *element = element_of(list, i);
    const char *rest = element + strcspn(element, ",");
    if (*rest == ',')
        memmove(element, rest + 1, strlen(rest));
    else
        element[element > list ? -1 : 0] = '\0';
}

/* Copies a list; false if memory is gone. */
static bool copy(char **to, const char *list)
{
    *to = list != NULL && list[0] != '\0' ? strdup(list) : NULL;
    return *to != NULL || list == NULL || list[0] == '\0';
}

bool pg_hosts_init(struct pg_hosts *hosts, const char *names, const char *addresses,
                   const char *ports)
{
    *hosts = (struct pg_hosts){0};
    const char *all = addresses != NULL && addresses[0] != '\0' ? addresses : names;
    hosts->n = all != NULL ? length_of(all) : 1;
    return copy(&hosts->names, names) && copy(&hosts->addresses, addresses) &&
           copy(&hosts->ports, ports);
}

void pg_hosts_fini(struct pg_hosts *hosts)
{
    free(hosts->names);
    free(hosts->addresses);
    free(hosts->ports);
    *hosts = (struct pg_hosts){0};
}

/* Whether a list tells each host its own; else there is one for all, or a mistake that libpq tells.
 */
static bool is_per_host(const struct pg_hosts *hosts, const char *list)
{
    return list != NULL && length_of(list) == hosts->n;
}

bool pg_hosts_leave_out(struct pg_hosts *hosts, const char *host, const char *port)
{
    char *const lists[] = {hosts->names, hosts->addresses, hosts->ports};
    bool has_names = is_per_host(hosts, hosts->names);
    bool has_ports = is_per_host(hosts, hosts->ports);
    size_t i = 0;
    if (hosts->n < 2 || host == NULL || port == NULL)
        return false;
    while (i < hosts->n && !(is_element(has_names ? hosts->names : hosts->addresses, i, host) &&
                             (!has_ports || is_element(hosts->ports, i, port))))
        i++;
    if (i == hosts->n)
        return false;
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++)
        if (is_per_host(hosts, lists[l]))
            cut_element(lists[l], i);
    hosts->n--;
    return true;
}
