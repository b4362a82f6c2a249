/* SPDX-License-Identifier: BSD-3-Clause */
/* The kernel tables this machine can run, and arrays for them. */
#ifndef BNORM_TEST_TABLES_H
#define BNORM_TEST_TABLES_H

#include "kernels/kernels.h"

enum { TABLES_MOST = 4, TABLES_GUARDED = 64 << 10 /* bytes: whole pages */ };

/* Of sources: in bands; row by row while a small L1 keeps what a row needs; a large one. */
enum { TABLES_NEAR = 3 };
static const int tables_near[TABLES_NEAR] = {0, 22 << 10, 33 << 10};

/* Fill tables[] (generic last) and return how many: all that this CPU runs, or
 * the one that BNORM_ISA names. */
int tables_find(const bnorm_kernels *tables[TABLES_MOST]);

/* bytes (up to TABLES_GUARDED) that end where an inaccessible page begins, and as many
 * that begin where one ends: touching a byte outside ends the program.  Filled
 * with zeros; never freed (a handful per program). */
void *tables_before_guard(size_t bytes);
void *tables_after_guard(void);

#endif
