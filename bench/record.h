/* SPDX-License-Identifier: BSD-3-Clause */
/* One result as an ordered list of keys and values, printed as one line of JSON
 * or of CSV. */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "outcome.h"

#define RECORD_FIELDS 48

typedef struct {
    const char *key;
    enum { RECORD_NULL, RECORD_TEXT, RECORD_INTEGER, RECORD_NUMBER, RECORD_FLAG } type;
    union {
        const char *text; /* not copied: must outlive the record */
        int64_t integer;
        double number;    /* NaN and infinities are printed as null */
        bool flag;
    } value;
} record_field;

typedef struct {
    record_field fields[RECORD_FIELDS];
    int count;
} record;

void record_null(record *r, const char *key);
void record_text(record *r, const char *key, const char *text);
void record_integer(record *r, const char *key, int64_t integer);
void record_number(record *r, const char *key, double number);
void record_flag(record *r, const char *key, bool flag);

/* Whether record_print_json can (jansson was there at build time). */
bool record_has_json(void);
outcome record_print_json(const record *r);

/* The same to a file that is open; its errors are for fclose. */
outcome record_write_json(const record *r, FILE *to);

/* A line of names before a record whose names are not those of the last. */
void record_print_csv(const record *r);

#endif
