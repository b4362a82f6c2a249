/* SPDX-License-Identifier: BSD-3-Clause */
/* What records say about where they were measured. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

/* The processor's name; "unknown" where the system doesn't tell. */
const char *machine_cpu(void);

/* The commit that this program was built from; "unknown" outside a checkout. */
const char *machine_commit(void);

/* Bytes of memory that a program could still get. */
double machine_memory(void);

#endif
