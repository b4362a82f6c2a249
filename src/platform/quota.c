/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/quota.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

int bnorm_quota_parse(const char *text)
{
    long long quota, period;
    if (sscanf(text, "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0)
        return 0;
    long long cpus = quota / period + (quota % period != 0);
    return cpus < INT_MAX ? (int)cpus : 0;
}

static int read_line(const char *path, const char *prefix, char *line, int size)
{
    FILE *file = fopen(path, "re");
    int found = 0;
    if (!file)
        return 0;
    while (!found && fgets(line, size, file))
        found = strncmp(line, prefix, strlen(prefix)) == 0;
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return found;
}

int bnorm_quota_cpus(const char *cgroup, const char *root)
{
    char line[PATH_BYTES], path[2 * PATH_BYTES], text[64];
    int least = 0;

    if (!read_line(cgroup, "0::/", line, sizeof line))
        return 0;
    char *group = line + strlen("0::"), *slash;
    do { /* from the process's own group up to the root */
        if (strcmp(group, "/") == 0)
            *group = '\0';
        snprintf(path, sizeof path, "%s%s/cpu.max", root, group);
        int cpus = read_line(path, "", text, sizeof text) ? bnorm_quota_parse(text) : 0;
        if (cpus && (!least || cpus < least))
            least = cpus;
        slash = strrchr(group, '/');
        if (slash)
            *slash = '\0';
    } while (slash);
    return least;
}
