/* SPDX-License-Identifier: BSD-3-Clause */
#include "values.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES 0x1p63 /* more than any address */

outcome values_integer(const char *option, const char *text, long long least, long long most,
                       long long *value)
{
    char *stop;
    errno = 0;
    *value = strtoll(text, &stop, 10);
    if (errno || stop == text || *stop || *value < least || *value > most)
        return complain_as(OUTCOME_USAGE, "--%s '%s': expected a whole number from %lld to %lld",
                           option, text, least, most);
    return OUTCOME_DONE;
}

outcome values_bytes(const char *option, const char *text, double *bytes)
{
    char *stop;
    *bytes = strtod(text, &stop);
    const char *unit = *stop ? strchr("KMGT", *stop) : NULL;
    if (unit && stop[1] == '\0')
        *bytes = ldexp(*bytes, 10 * (int)(unit - "KMGT" + 1));
    if (stop == text || (*stop && (!unit || stop[1])) || !(*bytes >= 1) || *bytes > MOST_BYTES)
        return complain_as(OUTCOME_USAGE, "--%s '%s': expected bytes, from 1 to 8388608T; K, M, G "
                           "or T after the number are powers of 1024", option, text);
    return OUTCOME_DONE;
}

outcome values_seconds(const char *option, const char *text, double *seconds)
{
    char *stop;
    *seconds = strtod(text, &stop);
    if (stop == text || *stop || !isfinite(*seconds) || *seconds < 0)
        return complain_as(OUTCOME_USAGE, "--%s '%s': expected seconds, such as 0.5", option,
                           text);
    return OUTCOME_DONE;
}

const char *const dtype_names[] = {"f32", "f64", NULL};
const char *const strategy_names[] = {"auto", "stream", "resident", "small", "pipelined",
                                      NULL};
const char *const binding_names[] = {"inherit", "spread", "compact", NULL};

int values_choice(const char *option, const char *text, const char *const *names)
{
    char list[80] = "";
    for (int index = 0; names[index]; index++) {
        if (strcmp(text, names[index]) == 0)
            return index;
        strcat(strcat(list, " "), names[index]);
    }
    complain("--%s '%s': expected one of:%s", option, text, list);
    return -1;
}

outcome values_counts(const char *option, const char *text, int most, int *counts, int *count)
{
    char *copy = strdup(text), *rest = copy;
    if (!copy)
        return complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
    outcome result = OUTCOME_DONE;
    *count = 0;
    for (char *word = strsep(&rest, ","); word && !result; word = strsep(&rest, ",")) {
        long long value;
        result = values_integer(option, word, 1, 65536, &value);
        if (!result && (*count == most || (*count && value <= counts[*count - 1])))
            result = complain_as(OUTCOME_USAGE, "--%s '%s': expected at most %d numbers, each "
                                 "above the one before it", option, text, most);
        else if (!result)
            counts[(*count)++] = (int)value;
    }
    free(copy);
    return result;
}

outcome values_bandwidth(const char *option, const char *text, double *core, double *node,
                         double *link)
{
    double *value[] = {core, node, link};
    const char *rest = text;
    for (int i = 0; i < 3; i++) {
        char *stop;
        *value[i] = 1e9 * strtod(rest, &stop);
        if (stop == rest || !(*value[i] > 0) || !isfinite(*value[i]))
            break;
        if (*stop == '\0' && i >= 1)
            return OUTCOME_DONE;
        if (*stop != ',')
            break;
        rest = stop + 1;
    }
    return complain_as(OUTCOME_USAGE, "--%s '%s': expected GB/s of a core and of a node, "
                       "such as 12,100, or of a core, a node and its link, or here", option, text);
}

outcome values_output(const char *option, const char *path)
{
    struct stat there;
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    outcome result = OUTCOME_DONE;
    if (!folder)
        result = complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
    else if (access(folder, W_OK | X_OK) != 0)
        result = complain_as(OUTCOME_USAGE, "--%s %s: its folder %s: %s", option, path, folder,
                             strerror(errno));
    else if (stat(path, &there) == 0 && S_ISDIR(there.st_mode))
        result = complain_as(OUTCOME_USAGE, "--%s %s: %s", option, path, strerror(EISDIR));
    free(folder);
    return result;
}

outcome values_operations(const char *option, const char *text, int most,
                          const operation **operations, int *count)
{
    char *copy = strdup(text), *rest = copy;
    if (!copy)
        return complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
    outcome result = OUTCOME_DONE;
    *count = 0;
    for (char *word = strsep(&rest, ","); word && !result; word = strsep(&rest, ",")) {
        const operation *op = operation_find(word);
        if (!op || *count == most)
            result = complain_as(OUTCOME_USAGE,
                                 "--%s '%s': expected forward, backward, fused, step or infer",
                                 option, word);
        else
            operations[(*count)++] = op;
    }
    free(copy);
    return result;
}
