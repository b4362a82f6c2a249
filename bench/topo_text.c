/* SPDX-License-Identifier: BSD-3-Clause */
/* topo for people: the machine, the matrix, and a table, in lines of 100 columns. */
#include <stdio.h>
#include <string.h>

#include "base/amount.h"
#include "table.h"
#include "topo.h"
#include "values.h"

enum {
    MOST_LINES = 16, /* nodes shown one by one */
    LABEL = 10,      /* columns of numbers of rows */
    INSIDE = 86      /* columns of the box */
};

static void print_node(const map *m, int node)
{
    char cores[128], cpus[128], threads[128], memory[BNORM_AMOUNT];
    const bnorm_node_info *info = &m->node[node];
    map_cores(m, node, cores, sizeof cores);
    map_cpus(m, node, cpus, sizeof cpus);
    map_threads(m, node, threads, sizeof threads);
    printf("  node %d: %s, CPUs %s, threads %s", node, cores, cpus, threads);
    if (info->memory > 0)
        printf(", %s", bnorm_amount(memory, (double)info->memory));
    if (info->memory_index != info->os_index)
        printf(", data on node P%d", info->memory_index);
    putchar('\n');
}

static void print_machine(const map *m)
{
    int before = -1;
    for (int i = 0; i < m->nodes; i++) {
        int package = map_package(m, i), last = map_last_package(m, i);
        if (m->nodes > MOST_LINES && i >= MOST_LINES - 2 && i < m->nodes - 1) {
            printf("  ... %d more nodes\n", m->nodes - 1 - i);
            i = m->nodes - 2;
            continue;
        }
        if (package != before && last != package)
            printf("packages %d-%d\n", package, last);
        else if (package != before)
            printf("package %d\n", package);
        before = package;
        print_node(m, i);
    }
}

static void print_repeated(char c, int count)
{
    for (int i = 0; i < count; i++)
        putchar(c);
}

/* Nodes own rows: bands one below the other, each with its first row at its edge. */
static void draw_rows(const map *m, const int *shown, int bands)
{
    printf("%*s  %-*d%*lld\n", LABEL, "", INSIDE / 2, 0, INSIDE - INSIDE / 2,
           (long long)m->total.col_end);
    for (int i = 0; i < bands; i++) {
        if (shown[i] < 0) {
            printf("%*s   ...\n", LABEL, "");
            continue;
        }
        const map_share *s = &m->of_node[shown[i]];
        char threads[64], line[128];
        map_threads(m, shown[i], threads, sizeof threads);
        printf("%*lld +", LABEL, (long long)s->row);
        print_repeated('-', INSIDE);
        snprintf(line, sizeof line, "node %-3d threads %s", shown[i], threads);
        printf("+\n%*s | %-*.*s|\n", LABEL, "", INSIDE - 1, INSIDE - 1, line);
    }
    printf("%*lld +", LABEL, (long long)m->total.row_end);
    print_repeated('-', INSIDE);
    puts("+");
}

/* Nodes own panels: bands side by side, each with its first column at its edge. */
static void draw_panels(const map *m, const int *shown, int bands, int width)
{
    printf("%*s ", LABEL, "");
    for (int i = 0; i < bands; i++) {
        if (shown[i] < 0)
            printf(" %-*s", width, "...");
        else
            printf(" %-*lld", width, (long long)m->of_node[shown[i]].col);
    }
    printf(" %lld\n", (long long)m->total.col_end);
    for (int line = 0; line < 5; line++) {
        if (line == 0 || line == 4)
            printf("%*lld ", LABEL, (long long)(line ? m->total.row_end : 0));
        else
            printf("%*s ", LABEL, "");
        for (int i = 0; i < bands; i++) {
            char text[64] = "threads";
            if (line == 0 || line == 4) {
                putchar('+');
                print_repeated('-', width);
                continue;
            }
            if (shown[i] < 0)
                snprintf(text, sizeof text, "...");
            else if (line == 1)
                snprintf(text, sizeof text, "node %d", shown[i]);
            else if (line == 3)
                map_threads(m, shown[i], text, sizeof text);
            printf("| %-*.*s", width - 1, width - 1, text);
        }
        puts(line == 0 || line == 4 ? "+" : "|");
    }
}

static void draw_matrix(const topo *t)
{
    enum { NARROWEST = 9 }; /* "threads" and blanks */
    const map *m = &t->map;
    int shown[BNORM_MOST_NODES];
    bool panels = t->options->layout->kind == BNORM_PANELS;
    int bands = map_owners(m, panels ? INSIDE / (NARROWEST + 1) : MOST_LINES, shown);
    if (panels && bands > 0)
        draw_panels(m, shown, bands, (INSIDE + 1) / bands - 1);
    else
        draw_rows(m, shown, bands);
}

static void print_table(const topo *t)
{
    static const char *const headings[] = {
        "<node", "<threads", "<rows", "<columns", "blocks", "MB", "local MB", "remote bytes"};
    const map *m = &t->map;
    table table;
    table_init(&table, headings, sizeof headings / sizeof *headings);
    int shown[BNORM_MOST_NODES], count = map_owners(m, MOST_LINES, shown);
    for (int i = 0; i < count && !table_row(&table); i++) {
        if (shown[i] < 0) {
            table_cell(&table, 0, TABLE_PLAIN, "...");
            continue;
        }
        const map_share *s = &m->of_node[shown[i]];
        char threads[64], all[32], local[32];
        map_threads(m, shown[i], threads, sizeof threads);
        map_megabytes(s->bytes, all, sizeof all);
        map_megabytes(s->bytes - s->remote_bytes, local, sizeof local);
        table_cell(&table, 0, TABLE_PLAIN, "%d", shown[i]);
        table_cell(&table, 1, TABLE_PLAIN, "%s", threads);
        table_cell(&table, 2, TABLE_PLAIN, "%lld-%lld", (long long)s->row,
                   (long long)s->row_end - 1);
        table_cell(&table, 3, TABLE_PLAIN, "%lld-%lld", (long long)s->col,
                   (long long)s->col_end - 1);
        table_cell(&table, 4, TABLE_PLAIN, "%lld", (long long)s->blocks);
        table_cell(&table, 5, TABLE_PLAIN, "%s", all);
        table_cell(&table, 6, TABLE_PLAIN, "%s", local);
        table_cell(&table, 7, s->remote_bytes > 0 ? TABLE_BAD : TABLE_GOOD, "%.0f",
                   s->remote_bytes);
    }
    table_print(&table);
    table_free(&table);
}

void topo_print(const topo *t)
{
    const map *m = &t->map;
    const report_subject *s = &t->subject;
    char all[32];
    print_machine(m);
    printf("\n%lld x %lld of %s, %s, %s: %s, %lld row groups x %lld column blocks\n\n",
           (long long)s->rows, (long long)s->cols, dtype_names[s->dtype], s->layout,
           t->op->name, m->grid.strategy, (long long)m->grid.row_groups,
           (long long)m->grid.col_blocks);
    draw_matrix(t);
    putchar('\n');
    print_table(t);
    map_megabytes(m->total.bytes, all, sizeof all);
    printf("\nremote bytes: %.0f of %s MB\n", m->total.remote_bytes, all);
}
