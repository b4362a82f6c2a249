/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A test program: a list of cases, run by CUnit, reported as TAP on stdout.
 *
 *   1..2
 *   ok 1 - constant column
 *   not ok 2 - empty batch
 *   # tests/numerics/test_edges.c:57: CU_ASSERT_EQUAL(y[0],beta)
 *
 * Assertions are CUnit's (CU_ASSERT...), on the main thread only: CUnit's
 * counters are not safe in parallel regions.  Workers leave results in arrays.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <CUnit/CUnit.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *name;
    void (*run)(void);
} harness_case;

#define HARNESS_COUNT(cases) ((int)(sizeof(cases) / sizeof((cases)[0])))

/* Run the cases, or only those that argv names; returns the exit status of the
 * program: 0 when every case that ran passed or was skipped, 1 when one failed,
 * 2 when argv names no case. */
int harness_main(int argc, char **argv, const char *suite, const harness_case *cases,
                 int count);

/* Inside a case: report it as skipped, and why.  The case then returns. */
void harness_skip(const char *reason);

/* A line of explanation in the output ("# ..."), printf style. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void harness_note(const char *format, ...);

/* Whether the slow tier was asked for: BNORM_TEST_LONG=1. */
int harness_long(void);

/* Whether trial n of a sweep is to run: always, unless BNORM_TEST_SAMPLE=k asks for
 * one in k, the same on every machine; emulated ones are too slow for all. */
int harness_sampled(int n);

/* Bytes of memory that the system calls available; 0 when it does not say. */
int64_t harness_memory(void);

/* Skip the case, and say why, unless that many bytes are available. */
int harness_lacks_memory(int64_t bytes);

/* ---- hashes: the same on every machine and ISA, or something is wrong -- */

/* Where a hash begins (the offset basis of FNV-1a). */
#define HARNESS_HASH_START UINT64_C(0xcbf29ce484222325)

/* Continue hash h over n bytes, or over values (every NaN counts as the same
 * NaN, +0 and -0 differ). */
uint64_t harness_hash_bytes(uint64_t h, const void *data, size_t n);
uint64_t harness_hash_f32(uint64_t h, const float *values, int64_t n);
uint64_t harness_hash_f64(uint64_t h, const double *values, int64_t n);

/* Print "# hash NAME 0123456789abcdef"; make check-isa compares these lines
 * between machines. */
void harness_hash(const char *name, uint64_t hash);

#endif
