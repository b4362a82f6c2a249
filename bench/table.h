/* SPDX-License-Identifier: BSD-3-Clause */
/* An aligned table for people: rows are collected, then printed at once. */
#ifndef BENCH_TABLE_H
#define BENCH_TABLE_H

typedef enum { TABLE_PLAIN, TABLE_GOOD, TABLE_BAD } table_tone;

typedef struct {
    const char *const *headings; /* '<' before one: its column is flush left */
    int columns;
    char **cells;                /* rows x columns */
    table_tone *tones;
    int rows, row_capacity;
} table;

/* headings: columns strings that outlive the table. */
void table_init(table *t, const char *const *headings, int columns);

/* Begin a row of empty cells; 0, or -1 when out of memory. */
int table_row(table *t);

/* Fill a cell of the last row, printf style; out of memory leaves it empty. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
void table_cell(table *t, int column, table_tone tone, const char *format, ...);

/* Colours on a terminal only, and not where NO_COLOR is set. */
void table_print(const table *t);

void table_free(table *t);

#endif
