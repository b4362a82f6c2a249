/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/model.h"

#include <stdio.h>
#include <string.h>

/* x86 and POWER name the model; ARM has a number for it, unique with the implementer's. */
static const char *const keys[] = {"model name", "cpu\t", "CPU part"};

static int has_key(const char *line)
{
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++)
        if (strncmp(line, keys[i], strlen(keys[i])) == 0)
            return 1;
    return 0;
}

void bnorm_model_name(char *name, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");
    snprintf(name, size, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        const char *value = strchr(line, ':');
        if (!value || !has_key(line))
            continue;
        value += 1 + strspn(value + 1, " \t");
        if (*value && *value != '\n') {
            snprintf(name, size, "%.*s", (int)strcspn(value, "\n"), value);
            break;
        }
    }
    if (file)
        fclose(file);
    for (char *at = name; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}
