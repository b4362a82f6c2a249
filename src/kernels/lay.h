/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Narrow rows of several ranges side by side, as bytes: element by element that would be as
 * many stores as elements, so elements of four and of eight bytes are transposed in registers.
 */
typedef uint32_t quad __attribute__((vector_size(16)));
typedef uint64_t pair __attribute__((vector_size(16)));

#ifndef __has_builtin
#define __has_builtin(name) 0
#endif
#if __has_builtin(__builtin_shufflevector)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else /* gcc before 12 */
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (__typeof__(a)){__VA_ARGS__})
#endif

INLINE quad quad_load(const char *p)
{
    quad v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE pair pair_load(const char *p)
{
    pair v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Rows of four bytes, four rows of four ranges at a time; `apart` and `ld` in bytes. */
INLINE void lay_quads(char *to, ptrdiff_t ld, const char *from, ptrdiff_t apart)
{
    const quad a = quad_load(from), b = quad_load(from + apart);
    const quad c = quad_load(from + 2 * apart), d = quad_load(from + 3 * apart);
    const quad ab = SHUFFLE(a, b, 0, 4, 1, 5), later_ab = SHUFFLE(a, b, 2, 6, 3, 7);
    const quad cd = SHUFFLE(c, d, 0, 4, 1, 5), later_cd = SHUFFLE(c, d, 2, 6, 3, 7);
    const quad rows[] = {SHUFFLE(ab, cd, 0, 1, 4, 5), SHUFFLE(ab, cd, 2, 3, 6, 7),
                         SHUFFLE(later_ab, later_cd, 0, 1, 4, 5),
                         SHUFFLE(later_ab, later_cd, 2, 3, 6, 7)};
    for (int row = 0; row < 4; row++)
        memcpy(to + row * ld, &rows[row], sizeof rows[row]);
}

/* Rows of eight bytes, two rows of two ranges at a time. */
INLINE void lay_pairs(char *to, ptrdiff_t ld, const char *from, ptrdiff_t apart)
{
    const pair a = pair_load(from), b = pair_load(from + apart);
    const pair rows[] = {SHUFFLE(a, b, 0, 2), SHUFFLE(a, b, 1, 3)};
    for (int row = 0; row < 2; row++)
        memcpy(to + row * ld, &rows[row], sizeof rows[row]);
}
#undef SHUFFLE

/* A few ranges at a time, as all of them may compete for one set of L1: what is apart is often a
 * multiple of 4 KiB.  And as many rows as are whole lines. */
enum { LAID_RANGES = 4, LAID_ROWS = 16 };

INLINE void lay_some(char *to, const char *from, ptrdiff_t apart, ptrdiff_t bytes)
{
    const ptrdiff_t ld = BNORM_GROUP * bytes;
    const int side = bytes == 4 ? 4 : bytes == 8 ? 2 : 1; /* of a square that is transposed */
    for (int row = 0; row < LAID_ROWS; row += side)
        for (int range = 0; range < LAID_RANGES; range += side) {
            char *const at = to + row * ld + range * bytes;
            const char *const first = from + row * bytes + range * apart;
            if (side == 4)
                lay_quads(at, ld, first, apart);
            else if (side == 2)
                lay_pairs(at, ld, first, apart);
            else
                memcpy(at, first, (size_t)bytes);
        }
}

/* Meanwhile, as many bytes of what follows the ranges are prefetched, in order. */
INLINE void lay_rows(char *tile, const char *from, ptrdiff_t apart, ptrdiff_t row, ptrdiff_t bytes)
{
    uintptr_t next = (uintptr_t)from + (size_t)(BNORM_GROUP * (apart + row * bytes));
    from += row * bytes;
    for (int range = 0; range < BNORM_GROUP; range += LAID_RANGES)
        for (int i = 0; i < BNORM_LEAF_ROWS; i += LAID_ROWS) {
            for (int line = 0; line < LAID_RANGES * LAID_ROWS * bytes / BNORM_LINE; line++) {
                __builtin_prefetch((const void *)next, 0, 2);
                next += BNORM_LINE;
            }
            lay_some(tile + (i * BNORM_GROUP + range) * bytes, from + i * bytes + range * apart,
                     apart, bytes);
        }
}

static void lay(void *tile, const void *ranges, ptrdiff_t apart, ptrdiff_t row, ptrdiff_t bytes)
{
#define LAY(bytes)                                                                                 \
    case bytes: lay_rows(tile, ranges, apart, row, bytes); break
    switch (bytes) { /* so that each copy is a move or two */
        LAY(4);
        LAY(8);
        LAY(12);
        LAY(16);
        LAY(20);
        LAY(24);
        LAY(28);
        LAY(32);
        LAY(40);
        LAY(48);
        LAY(56);
    default: lay_rows(tile, ranges, apart, row, bytes);
    }
#undef LAY
}
