/* SPDX-License-Identifier: BSD-3-Clause */
/* Template: the leaves of a tile, one after the other: the sums (reduce.h) and the moments (leaf.h)
 * of each. */

/* Where leaves of x and dy come from memory and drive everything else out of L1, and their sums are
 * in registers, the last rows are added while the lines come back that moments go to: what misses
 * L1 has few places to wait in, and rows fill them. */
INLINE int T(last_rows)(const bnorm_reduction *r, int rows)
{
    const int is_long = r->cols <= VECTORS * T(LANES) &&
                        r->cols * (ptrdiff_t)sizeof(REAL) > BNORM_LINE;
    return is_long && r->x.near ? rows / 4 : 0;
}

INLINE void T(prefetch_moments)(const bnorm_reduction *r, const double *moments)
{
    for (int p = 0; p < BNORM_MOMENTS_XDY; p++)
        for (ptrdiff_t col = 0; col < r->cols; col += BNORM_LINE / (ptrdiff_t)sizeof *moments)
            __builtin_prefetch(moments + p * r->pitch + col, 1);
}

static void T(sum_leaf_xdy)(const bnorm_reduction *r, bnorm_source x, bnorm_source dy, int rows,
                            const double *moments)
{
    const REAL *first_x = x.data, *first_dy = dy.data;
    const int last = T(last_rows)(r, rows), some = rows - last;
    T(sum_xdy)(r->sums, &x, first_x, &dy, first_dy, some, r->cols);
    if (last == 0)
        return;
    T(prefetch_moments)(r, moments);
    bnorm_source_skip(&x, some, sizeof(REAL));
    bnorm_source_skip(&dy, some, sizeof(REAL));
    T(sum_xdy)(r->sums, &x, first_x, &dy, first_dy, last, r->cols);
}

/* The sums and moments of a leaf's columns from x's on, as many as r has; padded as above. */
INLINE void T(leaf_part)(const bnorm_reduction *r, double *moments, bnorm_source x,
                         bnorm_source dy, int rows, int with_dy, int padded)
{
    const size_t groups = (size_t)((r->cols + BNORM_GROUP - 1) / BNORM_GROUP);
    memset(r->sums, 0, BNORM_SUMS * sizeof(REAL) * BNORM_GROUP * groups);
    if (with_dy)
        T(sum_leaf_xdy)(r, x, dy, rows, moments);
    else
        T(sum_x)(r->sums, &x, x.data, rows, r->cols);
    if (!padded)
        T(leaf)(moments, r->pitch, r->sums, &x, &dy, rows, r->cols, with_dy, 0);
    else if (with_dy)
        T(leaf_xdy)(moments, r->pitch, r->sums, &x, &dy, rows, r->cols);
    else
        T(leaf_x)(moments, r->pitch, r->sums, &x, rows, r->cols);
}

/* Its columns from the first whole line on, and those before it. */
static void T(leaf_in_parts)(const bnorm_reduction *r, double *moments, bnorm_source x,
                             bnorm_source dy, int rows, ptrdiff_t lead, int with_dy)
{
    bnorm_reduction before = *r, from_line = *r;
    bnorm_source x_line = x, dy_line = dy;
    before.cols = lead;
    from_line.cols -= lead;
    x.ahead = dy.ahead = 0;
    x_line.data = (const REAL *)x.data + lead;
    dy_line.data = with_dy ? (const REAL *)dy.data + lead : NULL;
    if (with_dy) {
        T(leaf_part)(&from_line, moments + lead, x_line, dy_line, rows, 1, 0);
        T(leaf_part)(&before, moments, x, dy, rows, 1, 0);
    } else {
        T(leaf_part)(&from_line, moments + lead, x_line, dy_line, rows, 0, 0);
        T(leaf_part)(&before, moments, x, dy, rows, 0, 0);
    }
}

/* Elements to the next cache line; 0 where none begins with an element, nor with one of the next
 * row there. */
INLINE ptrdiff_t T(to_line)(const bnorm_source *source)
{
    const size_t bytes = -(size_t)(uintptr_t)source->data % BNORM_LINE;
    const int keeps = (size_t)source->ld * sizeof(REAL) % BNORM_LINE == 0;
    return keeps && bytes % sizeof(REAL) == 0 ? (ptrdiff_t)(bytes / sizeof(REAL)) : 0;
}

/* Columns before x and dy begin a line, which are summed by themselves where every other vector
 * would be in two lines, and rows are wider than a tile. */
INLINE ptrdiff_t T(lead)(const bnorm_reduction *r, int with_dy)
{
    const ptrdiff_t lead = T(to_line)(&r->x);
    const int turns = sizeof(T(vec)) == BNORM_LINE && (!with_dy || T(to_line)(&r->dy) == lead) &&
                      r->cols > VECTORS * T(LANES);
    return turns ? lead : 0;
}

/* Rows of one or two vectors, or of x and dy three, for more of which there are no registers: read
 * once from the first leaf to the last. */
INLINE void T(leaves_of_narrow)(const bnorm_reduction *r, int64_t rows, int count, int lanes,
                                int with_dy)
{
    const ptrdiff_t size = (with_dy ? BNORM_MOMENTS_XDY : BNORM_MOMENTS_X) * r->pitch;
    const REAL *x = r->x.data, *dy = with_dy ? r->dy.data : NULL;
    bnorm_source leaf_x = r->x, leaf_dy = r->dy;
    double *moments = r->moments;
    T(row) next;
    const ptrdiff_t groups = (r->cols + BNORM_GROUP - 1) / BNORM_GROUP;
    if (count * T(LANES) % BNORM_GROUP != 0) /* of the last group nothing else is written */
        memset(r->sums, 0, BNORM_SUMS * BNORM_GROUP * sizeof(REAL) * (size_t)groups);
    if (rows > 0)
        T(read_row)(&next, x, dy, count, lanes, with_dy);
    for (; rows > 0; rows -= BNORM_LEAF_ROWS, moments += size) {
        const int some = (int)(rows < BNORM_LEAF_ROWS ? rows : BNORM_LEAF_ROWS);
        const int reads = some < rows ? some : some - 1; /* the last one has none behind it */
        const int last = with_dy ? T(last_rows)(r, some) : 0;
        T(vec) sum[BNORM_SUMS][VECTORS];
        T(row) first;
        T(clear_sums)(sum, count, with_dy);
        T(copy_row)(&first, &next, count, with_dy);
        for (int row = 0; row < reads; row++) {
            if (last && row == some - last)
                T(prefetch_moments)(r, moments);
            x += r->x.ld;
            if (with_dy)
                dy += r->dy.ld;
            T(sum_next)(sum, &first, &next, x, dy, r->x.ahead, r->dy.ahead, count, lanes, with_dy);
        }
        if (reads < some)
            T(sum_last)(sum, &first, &next, count, with_dy);
        T(store_sums)(r->sums, sum, count, with_dy);
        if (with_dy)
            T(leaf_xdy)(moments, r->pitch, r->sums, &leaf_x, &leaf_dy, some, r->cols);
        else
            T(leaf_x)(moments, r->pitch, r->sums, &leaf_x, some, r->cols);
        bnorm_source_skip(&leaf_x, some, sizeof(REAL));
        bnorm_source_skip(&leaf_dy, some, sizeof(REAL));
    }
}

INLINE void T(narrow_leaves)(const bnorm_reduction *r, int64_t rows, int count, int with_dy)
{
    enum { THIRD = VECTORS < 3 ? VECTORS : 3 };
    const int lanes = (int)(r->cols - (count - 1) * T(LANES));
#define NARROW_LEAVES(count)                                                                       \
    if (lanes < T(LANES))                                                                          \
        T(leaves_of_narrow)(r, rows, count, lanes, with_dy);                                       \
    else                                                                                           \
        T(leaves_of_narrow)(r, rows, count, T(LANES), with_dy)
    if (count == 1) {
        NARROW_LEAVES(1);
    } else if (count == 2) {
        NARROW_LEAVES(2);
    } else if (count == 3 && with_dy) {
        NARROW_LEAVES(THIRD);
    }
#undef NARROW_LEAVES
}

/* The sums of each leaf of the rows and its moments, in one go: whatever stands between two leaves
 * keeps memory waiting. */
INLINE void T(leaves)(const bnorm_reduction *r, int64_t rows, int with_dy)
{
    if (r->cols <= 2 * T(LANES) || (r->cols <= 3 * T(LANES) && VECTORS > 3 && with_dy)) {
        T(narrow_leaves)(r, rows, (int)((r->cols + T(LANES) - 1) / T(LANES)), with_dy);
        return;
    }
    const ptrdiff_t lead = T(lead)(r, with_dy);
    const ptrdiff_t size = (with_dy ? BNORM_MOMENTS_XDY : BNORM_MOMENTS_X) * r->pitch;
    bnorm_source x = r->x, dy = r->dy;
    double *moments = r->moments;
    for (; rows > 0; rows -= BNORM_LEAF_ROWS, moments += size) {
        const int count = (int)(rows < BNORM_LEAF_ROWS ? rows : BNORM_LEAF_ROWS);
        if (lead)
            T(leaf_in_parts)(r, moments, x, dy, count, lead, with_dy);
        else
            T(leaf_part)(r, moments, x, dy, count, with_dy, 1);
        bnorm_source_skip(&x, count, sizeof(REAL));
        bnorm_source_skip(&dy, count, sizeof(REAL));
    }
}

static void T(leaves_x)(const bnorm_reduction *r, int64_t rows)
{
    T(leaves)(r, rows, 0);
}

static void T(leaves_xdy)(const bnorm_reduction *r, int64_t rows)
{
    T(leaves)(r, rows, 1);
}
