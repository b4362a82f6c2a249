/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"

void table_init(table *t, const char *const *headings, int columns)
{
    memset(t, 0, sizeof *t);
    t->headings = headings;
    t->columns = columns;
}

int table_row(table *t)
{
    if (t->rows == t->row_capacity) {
        int capacity = t->row_capacity ? 2 * t->row_capacity : 16;
        size_t cells = (size_t)capacity * (size_t)t->columns;
        char **grown = realloc(t->cells, cells * sizeof *grown);
        if (!grown)
            return -1;
        t->cells = grown;
        table_tone *tones = realloc(t->tones, cells * sizeof *tones);
        if (!tones)
            return -1;
        t->tones = tones;
        t->row_capacity = capacity;
    }
    size_t first = (size_t)t->rows++ * (size_t)t->columns;
    for (int i = 0; i < t->columns; i++) {
        t->cells[first + (size_t)i] = NULL;
        t->tones[first + (size_t)i] = TABLE_PLAIN;
    }
    return 0;
}

void table_cell(table *t, int column, table_tone tone, const char *format, ...)
{
    size_t cell = (size_t)(t->rows - 1) * (size_t)t->columns + (size_t)column;
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    t->cells[cell] = strdup(text);
    t->tones[cell] = tone;
}

static bool flush_left(const table *t, int column)
{
    return t->headings[column][0] == '<';
}

static const char *heading(const table *t, int column)
{
    return t->headings[column] + flush_left(t, column);
}

static const char *cell_text(const table *t, int row, int column)
{
    const char *text = t->cells[(size_t)row * (size_t)t->columns + (size_t)column];
    return text ? text : "";
}

static int width(const table *t, int column)
{
    size_t most = strlen(heading(t, column));
    for (int row = 0; row < t->rows; row++) {
        size_t length = strlen(cell_text(t, row, column));
        most = length > most ? length : most;
    }
    return (int)most;
}

static void print_row(const table *t, const int *widths, int row, bool colours)
{
    static const char *const colour[] = {"", "\033[32m", "\033[31m"};
    int columns = t->columns; /* up to the last that says something */
    while (row >= 0 && columns > 0 && !*cell_text(t, row, columns - 1))
        columns--;
    for (int c = 0; c < columns; c++) {
        const char *text = row < 0 ? heading(t, c) : cell_text(t, row, c);
        table_tone tone = row < 0 ? TABLE_PLAIN
                                  : t->tones[(size_t)row * (size_t)t->columns + (size_t)c];
        int pad = widths[c] - (int)strlen(text);
        int left = flush_left(t, c) ? 0 : pad;
        int right = c + 1 < columns ? pad - left : 0; /* no blanks at line ends */
        bool coloured = colours && tone != TABLE_PLAIN;
        printf("%s%*s%s%s%s%*s", c ? "  " : "", left, "", coloured ? colour[tone] : "", text,
               coloured ? "\033[0m" : "", right, "");
    }
    putchar('\n');
}

void table_print(const table *t)
{
    progress_clear();
    const char *no_color = getenv("NO_COLOR");
    bool colours = isatty(STDOUT_FILENO) && !(no_color && *no_color);
    int *widths = malloc((size_t)t->columns * sizeof *widths);
    if (!widths)
        return;
    for (int c = 0; c < t->columns; c++)
        widths[c] = width(t, c);
    for (int row = -1; row < t->rows; row++)
        print_row(t, widths, row, colours);
    fflush(stdout);
    free(widths);
}

void table_free(table *t)
{
    for (size_t i = 0; i < (size_t)t->rows * (size_t)t->columns; i++)
        free(t->cells[i]);
    free(t->cells);
    free(t->tones);
}
