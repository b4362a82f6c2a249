/* SPDX-License-Identifier: BSD-3-Clause */
/* What map.h says in words. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "map.h"

typedef struct { /* text that grows to the end of its array, and no further */
    char *text;
    size_t size, used;
} writer;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void put(writer *w, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(w->text + w->used, w->size - w->used, format, arguments);
    va_end(arguments);
    w->used += (size_t)length;
    if (w->used >= w->size)
        w->used = w->size - 1;
}

static writer begin(char *text, size_t size)
{
    *text = '\0';
    return (writer){text, size, 0};
}

static int ascending(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;
    return (x > y) - (x < y);
}

/* "0-3,8" or, at equal steps, "0-30 by 2"; sorts the numbers. */
static void put_numbers(writer *w, int *numbers, int count)
{
    qsort(numbers, (size_t)count, sizeof *numbers, ascending);
    int step = count > 2 ? numbers[1] - numbers[0] : 1;
    for (int i = 2; i < count && step > 1; i++)
        step = numbers[i] - numbers[i - 1] == step ? step : 1;
    if (step > 1) {
        put(w, "%d-%d by %d", numbers[0], numbers[count - 1], step);
        return;
    }
    for (int i = 0; i < count;) {
        int j = i;
        while (j + 1 < count && numbers[j + 1] <= numbers[j] + 1)
            j++;
        put(w, j > i ? "%s%d-%d" : "%s%d", i ? "," : "", numbers[i], numbers[j]);
        i = j + 1;
    }
    if (count == 0)
        put(w, "none");
}

static bool same_core(const bnorm_cpu_info *a, const bnorm_cpu_info *b)
{
    return a->package == b->package && a->core == b->core;
}

/* Cores in the order of the topology; runs that are equal in kind and in logical CPUs
 * are counted together. */
void map_cores(const map *m, int node, char *text, size_t size)
{
    writer w = begin(text, size);
    int cores = 0, width = 0, kind = 0;
    for (int i = 0; i < m->cpus;) {
        const bnorm_cpu_info *cpu = &m->cpu[i];
        int siblings = 0;
        for (; i < m->cpus && same_core(&m->cpu[i], cpu); i++)
            siblings += m->cpu[i].node == node;
        if (siblings == 0)
            continue;
        if (cores && (siblings != width || cpu->kind != kind)) {
            put(&w, cores == 1 ? "%d core x %d + " : "%d cores x %d + ", cores, width);
            cores = 0;
        }
        cores++;
        width = siblings;
        kind = cpu->kind;
    }
    put(&w, cores == 1 ? "%d core x %d" : "%d cores x %d", cores, width);
}

void map_cpus(const map *m, int node, char *text, size_t size)
{
    writer w = begin(text, size);
    int *numbers = malloc((size_t)(m->cpus + 1) * sizeof *numbers), count = 0;
    if (!numbers)
        return;
    for (int i = 0; i < m->cpus; i++) {
        if (m->cpu[i].node == node)
            numbers[count++] = m->cpu[i].os_index;
    }
    put_numbers(&w, numbers, count);
    free(numbers);
}

void map_threads(const map *m, int node, char *text, size_t size)
{
    writer w = begin(text, size);
    int *numbers = malloc((size_t)(m->threads + 1) * sizeof *numbers), count = 0;
    if (!numbers)
        return;
    for (int i = 0; i < m->threads; i++) {
        if (m->of_thread[i].node == node)
            numbers[count++] = i;
    }
    put_numbers(&w, numbers, count);
    int idle = m->node[node].threads - count;
    if (idle > 0 && count > 0)
        put(&w, "; %d idle", idle);
    else if (idle > 0)
        put(&w, " (%d idle)", idle);
    free(numbers);
}

void map_megabytes(double bytes, char *text, size_t size)
{
    double mb = bytes / 1e6;
    int digits = mb >= 100 ? 0 : mb >= 10 ? 1 : 2;
    snprintf(text, size, mb >= 1 || mb == 0 ? "%.*f" : "%.*g", mb > 0 ? digits : 0, mb);
}

int map_package(const map *m, int node)
{
    for (int i = 0; i < m->cpus; i++) {
        if (m->cpu[i].node == node)
            return m->cpu[i].package;
    }
    return 0;
}

int map_last_package(const map *m, int node)
{
    for (int i = m->cpus - 1; i >= 0; i--) {
        if (m->cpu[i].node == node)
            return m->cpu[i].package;
    }
    return 0;
}
