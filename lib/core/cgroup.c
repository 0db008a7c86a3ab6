/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The CPU quota of control groups, version 2 (cpu.max) and 1 (cpu.cfs_quota_us). A group is subject to its own quota and to that
 * of every group above it, so the smallest along the path counts. /proc/self/cgroup names the path as the host has it; a
 * container often shows only its end. Folders that are not there are skipped, and the container's own quota lies at the top.
 */
#include "core/context.h"
#include "core/system.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 4096, MAX_TEXT = 4096 }; /* bytes */

/* A group of a hierarchy, "/a/b" of "/cpu": the folder root/sys/fs/cgroup/cpu/a/b. */
typedef struct group {
    const char *root, *hierarchy, *path;
    int length; /* of the path that counts */
} group;

/* At most room - 1 bytes of a file, as a string; empty where it cannot be read. Files of /proc and /sys state no size. */
static CSEG_PRINTF(3, 4) void read_text(char *text, size_t room, const char *format, ...) {
    char path[MAX_NAME];
    va_list arguments;
    va_start(arguments, format);
    const size_t needed = cseg_format_list(path, sizeof path, format, arguments);
    va_end(arguments);
    intptr_t handle;
    size_t length = 0;
    if (needed < MAX_NAME && cseg_system_open(&handle, path) == 0) {
        (void)cseg_system_read_at(handle, text, room - 1, 0, &length);
        cseg_system_close(handle);
    }
    text[length] = '\0';
}

/* A number of at most 18 digits before a blank or the end; 0: none, as "max", -1 and damaged text. */
static uint64_t read_number(const char **text) {
    uint64_t value = 0;
    const char *at = *text;
    while (*at >= '0' && *at <= '9' && at - *text < 18)
        value = value * 10 + (uint64_t)(*at++ - '0');
    const bool complete = *at == ' ' || *at == '\n' || *at == '\0';
    while (*at == ' ')
        at++;
    *text = at;
    return complete ? value : 0;
}

/* The numbers of a group's file, "1" or "1 2"; false where the file has fewer. */
static bool read_numbers(const group *g, const char *file, uint64_t *numbers, int count) {
    char text[64];
    read_text(text, sizeof text, "%s/sys/fs/cgroup%s%.*s/%s", g->root, g->hierarchy, g->length, g->path, file);
    const char *at = text;
    bool all = true;
    for (int i = 0; i < count; i++) {
        numbers[i] = read_number(&at);
        all = all && numbers[i] > 0;
    }
    return all;
}

/* A group's own quota in processors. */
static int32_t own_cpus(const group *g) {
    uint64_t time[2]; /* microseconds of processor time in so many microseconds */
    if (!read_numbers(g, "cpu.max", time, 2) &&
        !(read_numbers(g, "cpu.cfs_quota_us", time, 1) && read_numbers(g, "cpu.cfs_period_us", time + 1, 1)))
        return INT32_MAX;
    const uint64_t cpus = time[0] / time[1] + (time[0] % time[1] != 0);
    return cpus < INT32_MAX ? (int32_t)cpus : INT32_MAX;
}

/* The smallest quota of a group and those above it. */
static int32_t group_cpus(group g) {
    int32_t fewest = own_cpus(&g);
    while (g.length > 0) {
        while (g.length > 0 && g.path[g.length - 1] != '/')
            g.length--;
        g.length -= g.length > 0; /* the slash */
        const int32_t cpus = own_cpus(&g);
        fewest = cpus < fewest ? cpus : fewest;
    }
    return fewest;
}

/* "cpu" among names with commas between them. */
static bool names_cpu(const char *names) {
    for (;;) {
        const size_t length = strcspn(names, ",");
        if (length == 3 && memcmp(names, "cpu", 3) == 0)
            return true;
        if (names[length] == '\0')
            return false;
        names += length + 1;
    }
}

/* A line "4:cpu,cpuacct:/path" of version 1, or "0::/path" of version 2. ".." leads to what a container hides. */
static int32_t line_cpus(const char *root, char *line) {
    char *names = strchr(line, ':'), *path = names != NULL ? strchr(names + 1, ':') : NULL;
    if (path == NULL)
        return INT32_MAX;
    *names++ = '\0';
    *path++ = '\0';
    const char *hierarchy = names_cpu(names) ? "/cpu" : names[0] == '\0' ? "" : NULL;
    if (hierarchy == NULL)
        return INT32_MAX;
    const bool inside = path[0] == '/' && strstr(path, "/..") == NULL;
    return group_cpus((group){root, hierarchy, path, inside ? (int)strlen(path) : 0});
}

int32_t cseg_cgroup_cpus(const char *root) {
    char text[MAX_TEXT];
    read_text(text, sizeof text, "%s/proc/self/cgroup", root);
    int32_t fewest = INT32_MAX;
    char *end;
    for (char *line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) { /* a last line that was cut is skipped */
        *end = '\0';
        const int32_t cpus = line_cpus(root, line);
        fewest = cpus < fewest ? cpus : fewest;
    }
    return fewest;
}
