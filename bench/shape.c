/* SPDX-License-Identifier: BSD-3-Clause */
#include "shape.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int shape_list_append(shape_list *list, const shape *item)
{
    shape *grown = realloc(list->items, ((size_t)list->count + 1) * sizeof *grown);
    if (!grown)
        return -1;
    list->items = grown;
    list->items[list->count++] = *item;
    return 0;
}

void shape_list_free(shape_list *list)
{
    free(list->items);
    list->items = NULL;
    list->count = 0;
}

/* A positive decimal number and nothing else before end; NULL: end of text. */
static int parse_size(const char *text, const char *end, int64_t *size)
{
    char *stop;
    if (*text < '0' || *text > '9')
        return -1;
    errno = 0;
    long long value = strtoll(text, &stop, 10);
    if (errno || value < 1 || (end ? stop != end : *stop != '\0'))
        return -1;
    *size = value;
    return 0;
}

outcome shape_list_parse(shape_list *list, const char *text)
{
    char *copy = strdup(text), *rest = copy;
    if (!copy)
        return complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
    outcome result = OUTCOME_DONE;
    for (char *word = strsep(&rest, ","); word && !result; word = strsep(&rest, ",")) {
        shape item = {.count = 1};
        const char *x = strchr(word, 'x');
        if (!x || parse_size(word, x, &item.rows) || parse_size(x + 1, NULL, &item.cols)) {
            result = complain_as(OUTCOME_USAGE,
                                 "--shape '%s': expected ROWSxCOLS, both at least 1, "
                                 "such as 65536x1024", word);
            break;
        }
        snprintf(item.name, sizeof item.name, "%s", word);
        if (shape_list_append(list, &item))
            result = complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
    }
    free(copy);
    return result;
}

/* One line of a shape file; 0: a shape, 1: nothing on it, -1: wrong. */
static int parse_line(char *line, shape *item)
{
    line[strcspn(line, "#\r\n")] = '\0';
    char *rest = NULL, *words[5];
    int count = 0;
    for (char *word = strtok_r(line, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (count == 5)
            return -1;
        words[count++] = word;
    }
    if (count == 0)
        return 1;
    if (count < 3 || count > 4 || strlen(words[0]) >= sizeof item->name)
        return -1;
    snprintf(item->name, sizeof item->name, "%s", words[0]);
    if (parse_size(words[1], NULL, &item->rows) || parse_size(words[2], NULL, &item->cols))
        return -1;
    item->count = 1;
    if (count == 4) {
        char *stop;
        item->count = strtod(words[3], &stop);
        if (*stop || !(item->count > 0) || !isfinite(item->count))
            return -1;
    }
    return 0;
}

outcome shape_list_read(shape_list *list, const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file)
        return complain_as(OUTCOME_USAGE, "%s: %s", path, strerror(errno));
    outcome result = OUTCOME_DONE;
    char *line = NULL;
    size_t size = 0;
    int before = list->count;
    for (long number = 1; !result && getline(&line, &size, file) >= 0; number++) {
        shape item;
        int kind = parse_line(line, &item);
        if (kind < 0)
            result = complain_as(OUTCOME_USAGE,
                                 "%s:%ld: expected 'name rows cols [count]', sizes at least "
                                 "1 and count above 0", path, number);
        else if (kind == 0 && shape_list_append(list, &item))
            result = complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
    }
    if (!result && ferror(file))
        result = complain_as(OUTCOME_USAGE, "%s: %s", path, strerror(errno));
    else if (!result && list->count == before)
        result = complain_as(OUTCOME_USAGE, "%s: no shapes in it", path);
    free(line);
    fclose(file);
    return result;
}
