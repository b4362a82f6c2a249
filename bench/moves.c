/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Moves: each variant is the one function below with its choices fixed.  No one
 * of them is the fastest everywhere: direction and prefetching depend on the
 * memory controller, non-temporal stores pay beyond the caches only, and a burst
 * (read a stretch into cache, then write it) spares the memory its turn-arounds.
 */
#include "loops.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LINE 64         /* bytes; one unrolled step */
#define BURST 32768     /* bytes of each matrix: two fit in a second-level cache */
#define AHEAD (32 * LINE)

#if defined(__AVX512F__)
typedef __m512i vector;
#define STREAM(to, v) _mm512_stream_si512((void *)(to), v)
#elif defined(__AVX2__)
typedef __m256i vector;
#define STREAM(to, v) _mm256_stream_si256(to, v)
#elif defined(__x86_64__)
typedef __m128i vector;
#define STREAM(to, v) _mm_stream_si128(to, v)
#else
typedef uint64_t vector __attribute__((vector_size(16)));
#if defined(__has_builtin)
#if __has_builtin(__builtin_nontemporal_store)
#define STREAM(to, v) __builtin_nontemporal_store(v, to)
#endif
#endif
#endif

typedef enum { UP, DOWN } direction;
typedef enum { PLAIN, PREFETCH, BURSTS } fetching;
typedef enum { CACHED, STREAMED } storing;

static inline __attribute__((always_inline)) void store(char *to, vector v, storing s)
{
#ifdef STREAM
    if (s == STREAMED) {
        STREAM((vector *)to, v);
        return;
    }
#endif
    (void)s;
    *(vector *)to = v;
}

/* One cache line: all that is read is added up and goes to p or, where nothing is
 * written, to *seen, and a alone to q.  So nothing that is read is idle. */
static inline __attribute__((always_inline)) void line(const char *a, const char *b, char *p,
                                                       char *q, storing s, vector *seen)
{
    for (size_t i = 0; i < LINE; i += sizeof(vector)) {
        vector v = *(const vector *)(a + i);
        vector w = v;
        if (b)
            w ^= *(const vector *)(b + i);
        if (p)
            store(p + i, w, s);
        else
            *seen ^= w;
        if (q)
            store(q + i, v, s);
    }
}

static inline __attribute__((always_inline)) void sweep(const char *a, const char *b, char *p,
                                                        char *q, size_t bytes, direction d,
                                                        fetching f, storing s)
{
    vector seen = {0};
    for (size_t i = 0; i < bytes; i += LINE) {
        size_t at = d == UP ? i : bytes - LINE - i;
        if (f == PREFETCH) { /* past an end it does no harm */
            ptrdiff_t ahead = d == UP ? (ptrdiff_t)at + AHEAD : (ptrdiff_t)at - AHEAD;
            __builtin_prefetch((const char *)((uintptr_t)a + (uintptr_t)ahead));
            if (b)
                __builtin_prefetch((const char *)((uintptr_t)b + (uintptr_t)ahead));
        }
        line(a + at, b ? b + at : NULL, p ? p + at : NULL, q ? q + at : NULL, s, &seen);
    }
    if (!p)
        __asm__ volatile("" : : "m"(seen)); /* or the loads would be dropped */
}

static inline __attribute__((always_inline)) void fetch(const char *a, const char *b,
                                                        size_t bytes, direction d, fetching f)
{
    if (b)
        sweep(a, b, NULL, NULL, bytes, d, f, CACHED);
    else
        sweep(a, NULL, NULL, NULL, bytes, d, f, CACHED);
}

static inline __attribute__((always_inline)) void
bursts(const char *a, const char *b, char *p, char *q, size_t bytes, direction d, storing s)
{
    for (size_t done = 0; done < bytes; done += BURST) {
        size_t size = bytes - done < BURST ? bytes - done : BURST;
        size_t at = d == UP ? done : bytes - done - size;
        fetch(a + at, b ? b + at : NULL, size, d, PLAIN);
        sweep(a + at, b ? b + at : NULL, p + at, q ? q + at : NULL, size, d, PLAIN, s);
    }
}

static inline __attribute__((always_inline)) void
walk(const char *a, const char *b, char *p, char *q, size_t bytes, direction d, fetching f,
     storing s)
{
    if (f == BURSTS)
        bursts(a, b, p, q, bytes, d, s);
    else
        sweep(a, b, p, q, bytes, d, f, s);
}

/* Each count of matrices its own loop, for whole lines; then the odd bytes. */
static inline __attribute__((always_inline)) void move(const loops_traffic *t, direction d,
                                                       fetching f, storing s)
{
    const char *a = t->from[0], *b = t->from[1];
    char *p = t->to[0], *q = t->to[1];
    size_t bytes = t->bytes, whole = bytes - bytes % LINE;
    for (int left = t->sweeps - 1; left > 0; left--) {
        if (left % 2)
            fetch(a, b, whole, d == UP ? DOWN : UP, f);
        else
            fetch(a, b, whole, d, f);
    }
    if (!p)
        fetch(a, b, whole, d, f);
    else if (b && q)
        walk(a, b, p, q, whole, d, f, s);
    else if (b)
        walk(a, b, p, NULL, whole, d, f, s);
    else if (q)
        walk(a, NULL, p, q, whole, d, f, s);
    else
        walk(a, NULL, p, NULL, whole, d, f, s);
    for (size_t i = whole; i < bytes && p; i++) {
        p[i] = (char)(b ? a[i] ^ b[i] : a[i]);
        if (q)
            q[i] = a[i];
    }
#if defined(__x86_64__)
    if (s == STREAMED)
        _mm_sfence(); /* the stores count as done before the clock stops */
#endif
}

#define VARIANT(name, d, f, s) \
    static void name(const loops_traffic *traffic) \
    { \
        move(traffic, d, f, s); \
    }

VARIANT(up_plain_cached, UP, PLAIN, CACHED)
VARIANT(up_prefetch_cached, UP, PREFETCH, CACHED)
VARIANT(up_bursts_cached, UP, BURSTS, CACHED)
VARIANT(down_plain_cached, DOWN, PLAIN, CACHED)
VARIANT(down_prefetch_cached, DOWN, PREFETCH, CACHED)
#ifdef STREAM
VARIANT(up_plain_streamed, UP, PLAIN, STREAMED)
VARIANT(up_prefetch_streamed, UP, PREFETCH, STREAMED)
VARIANT(up_bursts_streamed, UP, BURSTS, STREAMED)
VARIANT(down_plain_streamed, DOWN, PLAIN, STREAMED)
VARIANT(down_prefetch_streamed, DOWN, PREFETCH, STREAMED)
#endif

#define PASTE(a, b) a##b
#define TABLE(isa) PASTE(moves_, isa)

extern const loops_variant TABLE(LOOPS_ISA)[];
const loops_variant TABLE(LOOPS_ISA)[] = {
    {"up plain cached", up_plain_cached, false, false},
    {"up prefetch cached", up_prefetch_cached, false, false},
    {"up bursts cached", up_bursts_cached, false, true},
    {"down plain cached", down_plain_cached, false, false},
    {"down prefetch cached", down_prefetch_cached, false, false},
#ifdef STREAM
    {"up plain streamed", up_plain_streamed, true, true},
    {"up prefetch streamed", up_prefetch_streamed, true, true},
    {"up bursts streamed", up_bursts_streamed, true, true},
    {"down plain streamed", down_plain_streamed, true, true},
    {"down prefetch streamed", down_prefetch_streamed, true, true},
#endif
    {NULL, NULL, false, false},
};
