/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/commit.h" /* written by the makefile: BENCH_COMMIT */

/* The text after "key :" on the first line that begins with key; 0 if there. */
static int look_up(const char *path, const char *key, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    char line[512];
    int found = -1;
    while (file && found && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, key, strlen(key)) != 0)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        snprintf(text, size, "%.*s", (int)strcspn(colon, "\n"), colon);
        found = 0;
    }
    if (file)
        fclose(file);
    return found;
}

const char *machine_cpu(void)
{
    static char name[256];
    struct utsname system;
    if (!*name && look_up("/proc/cpuinfo", "model name", name, sizeof name)) {
        snprintf(name, sizeof name, "%s", uname(&system) == 0 ? system.machine : "unknown");
    }
    return name;
}

const char *machine_commit(void)
{
    return BENCH_COMMIT;
}

/* A number in a file of one line; INFINITY for "max" or no file. */
static double read_limit(const char *path)
{
    FILE *file = fopen(path, "r");
    double limit = INFINITY;
    if (file) {
        if (fscanf(file, "%lf", &limit) != 1)
            limit = INFINITY;
        fclose(file);
    }
    return limit;
}

/* What the system calls available, or what a version-2 control group leaves,
 * whichever is less. */
double machine_memory(void)
{
    char text[64];
    double kib, available = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    if (look_up("/proc/meminfo", "MemAvailable", text, sizeof text) == 0 &&
        sscanf(text, "%lf", &kib) == 1)
        available = 1024 * kib;
    double cgroup = read_limit("/sys/fs/cgroup/memory.max") -
                    fmax(0, fmin(read_limit("/sys/fs/cgroup/memory.current"), 1e18));
    return fmin(available, cgroup > 0 ? cgroup : available);
}
