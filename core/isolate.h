/* SPDX-License-Identifier: MIT
 * A plugin in a process of its own, so that a crash, a leak or a hang costs one instance.
 *
 * What stands in for it here is a plugin like any other: its functions ask the process, which is
 * this program started again (isolate_serve()), over a socket pair. The host sees no difference but
 * one more way to fail: a process that dies, or says what nobody can read, or is not back in time
 * and so is killed, is a failed call (DYN_RETRY). The next call starts another one, so that the
 * pauses between calls (pace.h) are those between starts.
 *
 * It holds against faults, not against malice: the process is the same user's. */
#ifndef CORE_ISOLATE_H
#define CORE_ISOLATE_H

#include "core/settings.h"

/* The one argument, before the plugin's name, by which the program is started as such a process. */
#define ISOLATE_COMMAND "isolated"

/* What a process may have. */
enum {
    ISOLATE_MEMORY_MIB = 512, /* of data, beside what the program starts with */
    ISOLATE_DESCRIPTORS = 256
};

/* The plugin that is called for a spec, and the configuration that its open() is given: its own
 * with its options, or, if it is isolated, what stands in for it, in `room`. The spec must outlive
 * it. */
const struct plugin *isolate_plugin(const struct instance_spec *spec, struct plugin *room);
const void *isolate_config(const struct instance_spec *spec);

/* Serves one instance until the host closes it. Returns the exit status. */
int isolate_serve(const char *name);

#endif
