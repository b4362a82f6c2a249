/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bands of rows to panels and back, as bytes.  A panel is 1, 2 or 4 pieces wide.
 *
 * Memory likes long runs: a row-major matrix is to be read row by row, and panels
 * panel by panel.  A band is copied panel by panel; what makes the reads long is
 * the order of the prefetches, which run through the whole next band, row by row,
 * a line for each line that is copied.  Rows are written two lines at a time, and
 * while these panels are read the next ones are fetched.
 */
enum { WRITTEN = 2 * BNORM_LINE }; /* of a row at a time */

INLINE void piece_put(char *p, piece v, int stream)
{
    if (stream)
        piece_stream(p, v);
    else
        piece_store(p, v);
}

/* Prefetches through rows of a matrix, in order; addresses, as they leave it. */
typedef struct {
    uintptr_t at, end; /* of the row */
    size_t row_bytes, ld; /* 0: no prefetches */
} trail;

INLINE void trail_follow(trail *t)
{
    __builtin_prefetch((const void *)t->at);
    t->at += BNORM_LINE;
    if (t->at >= t->end) {
        t->end += t->ld;
        t->at = t->end - t->row_bytes;
    }
}

/* One panel of which `valid` bytes of a row are in the matrix. */
INLINE void pack_panel(char *to, const char *from, ptrdiff_t ld, int rows, int width, int valid,
                       int stream, trail *next)
{
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < width; i += BNORM_PIECE) {
            if (next->ld && (row * width + i) % BNORM_LINE == 0)
                trail_follow(next);
            if (i + BNORM_PIECE <= valid)
                piece_put(to + i, piece_load(from + i), stream);
            else
                piece_put(to + i, piece_loadn(from + i, i < valid ? (size_t)(valid - i) : 0),
                          stream);
        }
        to += width;
        from += ld;
    }
}

INLINE void pack_width(bnorm_target to, bnorm_source from, int rows, ptrdiff_t bytes, int width,
                       int stream)
{
    char *panel = to.data;
    const char *part = from.data;
    const uintptr_t band = (uintptr_t)part + (size_t)from.ahead;
    trail next = {band, band + (size_t)bytes, (size_t)bytes, from.ahead ? (size_t)from.ld : 0};
    for (; bytes >= width; bytes -= width) {
        pack_panel(panel, part, from.ld, rows, width, width, stream, &next);
        panel += to.ld;
        part += width;
    }
    if (bytes)
        pack_panel(panel, part, from.ld, rows, width, (int)bytes, stream, &next);
}

static void pack(bnorm_target to, bnorm_source from, int rows, ptrdiff_t bytes, int width)
{
#define PACK(width, stream) pack_width(to, from, rows, bytes, width, stream)
    switch (width | (to.stream != 0)) {
    case BNORM_PIECE: PACK(BNORM_PIECE, 0); break;
    case BNORM_PIECE | 1: PACK(BNORM_PIECE, 1); break;
    case 2 * BNORM_PIECE: PACK(2 * BNORM_PIECE, 0); break;
    case 2 * BNORM_PIECE | 1: PACK(2 * BNORM_PIECE, 1); break;
    case 4 * BNORM_PIECE: PACK(4 * BNORM_PIECE, 0); break;
    case 4 * BNORM_PIECE | 1: PACK(4 * BNORM_PIECE, 1); break;
    }
#undef PACK
}

/* `count` panels side by side; what is `ahead` bytes from each is prefetched. */
INLINE void unpack_panels(char *to, ptrdiff_t to_ld, const char *from, ptrdiff_t from_ld,
                          ptrdiff_t ahead, int rows, int count, int width, int stream)
{
    const char *at[WRITTEN / BNORM_PIECE];
    for (int panel = 0; panel < count; panel++)
        at[panel] = from + panel * from_ld;
    for (int row = 0; row < rows; row++) {
        for (int panel = 0; panel < count; panel++) {
            for (int i = 0; i < width; i += BNORM_PIECE)
                piece_put(to + panel * width + i, piece_load(at[panel] + i), stream);
            for (int i = 0; ahead && row * width % BNORM_LINE == 0 && i < width; i += BNORM_LINE)
                __builtin_prefetch((const void *)((uintptr_t)at[panel] + (size_t)(ahead + i)));
            at[panel] += width;
        }
        to += to_ld;
    }
}

/* The panel that the matrix ends in. */
INLINE void unpack_last(char *to, ptrdiff_t ld, const char *from, int rows, int width, int valid)
{
    for (int row = 0; row < rows; row++) {
        int i = 0;
        for (; i + BNORM_PIECE <= valid; i += BNORM_PIECE)
            piece_store(to + i, piece_load(from + i));
        if (i < valid)
            piece_storen(to + i, piece_load(from + i), (size_t)(valid - i));
        to += ld;
        from += width;
    }
}

INLINE void unpack_width(bnorm_target to, bnorm_source from, int rows, ptrdiff_t bytes, int width,
                         int stream)
{
    const int line = width < BNORM_LINE ? BNORM_LINE / width : 1; /* panels that fill it */
    const int side = WRITTEN / width;                             /* panels side by side */
    const ptrdiff_t step = side * from.ld;
    char *part = to.data;
    const char *panel = from.data;
    for (; bytes >= WRITTEN; bytes -= WRITTEN) {
        /* the next panels, or behind the last the first of the next band */
        ptrdiff_t ahead =
            bytes >= 2 * WRITTEN ? step : from.ahead - (panel - (const char *)from.data);
        unpack_panels(part, to.ld, panel, from.ld, from.ahead ? ahead : 0, rows, side, width,
                      stream);
        panel += step;
        part += WRITTEN;
    }
    for (; bytes >= line * width; bytes -= line * width) {
        unpack_panels(part, to.ld, panel, from.ld, 0, rows, line, width, stream);
        panel += line * from.ld;
        part += line * width;
    }
    for (; bytes >= width; bytes -= width) {
        unpack_panels(part, to.ld, panel, from.ld, 0, rows, 1, width, 0);
        panel += from.ld;
        part += width;
    }
    if (bytes)
        unpack_last(part, to.ld, panel, rows, width, (int)bytes);
}

static void unpack(bnorm_target to, bnorm_source from, int rows, ptrdiff_t bytes, int width)
{
#define UNPACK(width, stream) unpack_width(to, from, rows, bytes, width, stream)
    switch (width | (to.stream != 0)) {
    case BNORM_PIECE: UNPACK(BNORM_PIECE, 0); break;
    case BNORM_PIECE | 1: UNPACK(BNORM_PIECE, 1); break;
    case 2 * BNORM_PIECE: UNPACK(2 * BNORM_PIECE, 0); break;
    case 2 * BNORM_PIECE | 1: UNPACK(2 * BNORM_PIECE, 1); break;
    case 4 * BNORM_PIECE: UNPACK(4 * BNORM_PIECE, 0); break;
    case 4 * BNORM_PIECE | 1: UNPACK(4 * BNORM_PIECE, 1); break;
    }
#undef UNPACK
}
