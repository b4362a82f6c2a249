/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/model.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The name is among the lines of the first processor, which come first. */
enum { ENOUGH = 4096 };

/* x86 and POWER name the model; ARM has a number for it, unique with the implementer's. */
static const char *const keys[] = {"model name", "cpu\t", "CPU part"};

static int has_key(const char *line)
{
    for (int i = 0; i < (int)(sizeof keys / sizeof *keys); i++)
        if (strncmp(line, keys[i], strlen(keys[i])) == 0)
            return 1;
    return 0;
}

/* The beginning of a file; empty where it can't be read.  Streams would request memory:
 * were there none, the machine would have another name. */
static void read_start(const char *path, char text[ENOUGH])
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    size_t length = 0;
    ssize_t more = file < 0 ? 0 : 1;
    while (more > 0 && length < ENOUGH - 1) {
        more = read(file, text + length, ENOUGH - 1 - length);
        length += more > 0 ? (size_t)more : 0;
    }
    text[length] = '\0';
    if (file >= 0)
        close(file);
}

void bnorm_model_name(char *name, size_t size)
{
    char text[ENOUGH];
    snprintf(name, size, "unknown");
    read_start("/proc/cpuinfo", text);
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        const char *value = strchr(line, ':');
        if (!value || !has_key(line))
            continue;
        value += 1 + strspn(value + 1, " \t");
        if (*value) {
            snprintf(name, size, "%s", value);
            break;
        }
    }
    for (char *at = name; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}
