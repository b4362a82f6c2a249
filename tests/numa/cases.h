/* SPDX-License-Identifier: BSD-3-Clause */
/* The cases of test_numa, which see the library only through bnorm.h. */
#ifndef TESTS_NUMA_CASES_H
#define TESTS_NUMA_CASES_H

/* memory.c */
void numa_pages_where_planned(void);
void numa_pages_of_each_kind(void);
void numa_pages_absent(void);
void numa_pages_of_others(void);
void numa_full_node(void);
void numa_packing(void);

/* threads.c */
void numa_bound_threads(void);
void numa_choice_of_cpus(void);
void numa_affinity_comes_back(void);
void numa_reversed_places(void);

/* adapt.c */
void numa_adapt_to_ranges(void);
void numa_adapt_to_turns(void);
void numa_migrate(void);

/* bits.c */
void numa_bits(void);

#endif
