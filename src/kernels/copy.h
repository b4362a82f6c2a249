/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows to panels and back, as bytes, in bands of rows.  A panel is 1, 2 or 4 pieces
 * wide.
 *
 * Memory likes long runs: a row-major matrix is to be read row by row, and panels
 * panel by panel.  A band is packed panel by panel; what makes the reads long is the
 * order of the prefetches, which run through the whole next band, row by row, a line
 * for each line that is copied.  Rows are written two lines at a time, and while
 * these panels are read the next ones are fetched.
 */
enum {
    PACK_BAND_BYTES = 32 << 10, /* of rows: prefetched as far ahead */
    PACK_LEAST_ROWS = 8,
    PACK_MOST_ROWS = 64,
    UNPACK_ROWS = 128,
    WRITTEN = 2 * BNORM_LINE,   /* bytes of a row at a time */
    STAGED_ROWS = 32,
    DENSE_BYTES = 16 << 10,     /* of narrow dense rows that are staged together */
    NARROW_BYTES = 1024
};

INLINE void piece_put(char *p, piece v, int stream)
{
    if (stream)
        piece_stream(p, v);
    else
        piece_store(p, v);
}

INLINE int smaller(int64_t a, int b)
{
    return a < b ? (int)a : b;
}

/* ---- pack ------------------------------------------------------------------- */

/* Prefetches through rows of a matrix, in order; addresses, as they leave it. */
typedef struct {
    uintptr_t at, end;    /* of the row */
    size_t row_bytes, ld; /* ld 0: no prefetches */
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

/* Rows of one panel of which `valid` bytes are in the matrix. */
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

/* A band.  Where a panel's lines begin with the second of two rows (odd: they may), its
 * band is a row later than that of others, if there are rows before and after. */
INLINE void pack_band(char *panel, ptrdiff_t panel_ld, const char *row, ptrdiff_t ld, int rows,
                      ptrdiff_t bytes, int width, int stream, int odd, int before, int after)
{
    const uintptr_t band = (uintptr_t)row + (size_t)rows * (size_t)ld;
    trail next = {band, band + (size_t)bytes, (size_t)bytes, (size_t)ld};
    for (; bytes > 0; bytes -= width) {
        const int later = odd && (uintptr_t)panel % BNORM_LINE != 0;
        const int first = later && before, end = rows + (later && after);
        char *to = panel + first * width;
        const char *from = row + first * ld;
        if (bytes >= width)
            pack_panel(to, from, ld, end - first, width, width, stream, &next);
        else
            pack_panel(to, from, ld, end - first, width, (int)bytes, stream, &next);
        panel += panel_ld;
        row += width;
    }
}

INLINE void pack_width(bnorm_target panels, bnorm_source from, int64_t rows, ptrdiff_t bytes,
                       int width, int stream, int odd)
{
    const int most = (int)(PACK_BAND_BYTES / bytes) / PACK_LEAST_ROWS * PACK_LEAST_ROWS;
    const int band = most < PACK_LEAST_ROWS ? PACK_LEAST_ROWS : smaller(most, PACK_MOST_ROWS);
    char *panel = panels.data;
    const char *at = from.data;
    for (int64_t row = 0; row < rows; row += band) {
        pack_band(panel, panels.ld, at, from.ld, smaller(rows - row, band), bytes, width, stream,
                  odd, row > 0, row + band < rows);
        panel += band * width;
        at += band * from.ld;
    }
}

static void pack(bnorm_target panels, bnorm_source from, int64_t rows, ptrdiff_t bytes, int width)
{
    const uintptr_t places = (uintptr_t)panels.data | (uintptr_t)panels.ld;
    const int lines = panels.stream && places % BNORM_LINE == 0;
    const int odd = panels.stream && places % BNORM_LINE == BNORM_PIECE && width == BNORM_PIECE;
#define PACK(width, stream, odd) pack_width(panels, from, rows, bytes, width, stream, odd)
    switch (width + (odd ? 2 : lines)) {
    case BNORM_PIECE: PACK(BNORM_PIECE, 0, 0); break;
    case BNORM_PIECE + 1: PACK(BNORM_PIECE, 1, 0); break;
    case BNORM_PIECE + 2: PACK(BNORM_PIECE, 1, 1); break;
    case 2 * BNORM_PIECE: PACK(2 * BNORM_PIECE, 0, 0); break;
    case 2 * BNORM_PIECE + 1: PACK(2 * BNORM_PIECE, 1, 0); break;
    case 4 * BNORM_PIECE: PACK(4 * BNORM_PIECE, 0, 0); break;
    case 4 * BNORM_PIECE + 1: PACK(4 * BNORM_PIECE, 1, 0); break;
    }
#undef PACK
}

/* ---- unpack ----------------------------------------------------------------- */

/* Prefetch what is `ahead` bytes from a panel's row, once for each line. */
INLINE void fetch_row(const char *from, ptrdiff_t ahead, int row, int width)
{
    for (int i = 0; row * width % BNORM_LINE == 0 && i < width; i += BNORM_LINE)
        __builtin_prefetch((const void *)((uintptr_t)from + (size_t)(ahead + i)));
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
            fetch_row(at[panel], ahead, row, width);
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
        fetch_row(from, rows * width, row, width);
        for (; i + BNORM_PIECE <= valid; i += BNORM_PIECE)
            piece_store(to + i, piece_load(from + i));
        if (i < valid)
            piece_storen(to + i, piece_loadn(from + i, (size_t)(valid - i)),
                         (size_t)(valid - i));
        to += ld;
        from += width;
    }
}

/* What is left of rows, less than WRITTEN; what is prefetched is the next band. */
INLINE void unpack_rest(char *to, ptrdiff_t to_ld, const char *from, ptrdiff_t from_ld, int rows,
                        int bytes, int width, int stream)
{
    const int line = width < BNORM_LINE ? BNORM_LINE / width : 1; /* panels that fill it */
    for (; bytes >= line * width; bytes -= line * width) {
        unpack_panels(to, to_ld, from, from_ld, rows * width, rows, line, width, stream);
        from += line * from_ld;
        to += line * width;
    }
    for (; bytes >= width; bytes -= width) {
        unpack_panels(to, to_ld, from, from_ld, rows * width, rows, 1, width, 0);
        from += from_ld;
        to += width;
    }
    if (bytes)
        unpack_last(to, to_ld, from, rows, width, bytes);
}

/* From these panels to the next, or behind the last to the first of the next band. */
INLINE ptrdiff_t to_next(ptrdiff_t step, ptrdiff_t done, ptrdiff_t bytes, int rows, int width)
{
    return done + 2 * WRITTEN <= bytes ? step : (ptrdiff_t)rows * width - done / WRITTEN * step;
}

INLINE void unpack_band(char *to, ptrdiff_t to_ld, const char *from, ptrdiff_t from_ld, int rows,
                        ptrdiff_t bytes, int width, int stream)
{
    const int side = WRITTEN / width; /* panels side by side */
    const ptrdiff_t step = side * from_ld;
    ptrdiff_t done = 0;
    for (; done + WRITTEN <= bytes; done += WRITTEN) {
        unpack_panels(to + done, to_ld, from, from_ld, to_next(step, done, bytes, rows, width),
                      rows, side, width, stream);
        from += step;
    }
    unpack_rest(to + done, to_ld, from, from_ld, rows, (int)(bytes - done), width, stream);
}

/* Rows that do not begin on lines pass through a stage, so that lines can be written
 * whole: of each row the last line of what was there before, and what is new. */
enum { STAGED = BNORM_LINE + WRITTEN };

/* Bytes of the line that a row begins in. */
INLINE int head_bytes(const char *row)
{
    return BNORM_LINE - (int)((uintptr_t)row % BNORM_LINE);
}

/* Write the lines that have become whole; `done` bytes of the rows came before. */
INLINE void write_lines(char *to, ptrdiff_t ld, char (*stage)[STAGED], int rows, ptrdiff_t done)
{
    for (int row = 0; row < rows; row++) {
        const int head = head_bytes(to);
        const char *from = stage[row] + head;
        char *line = to + (done - BNORM_LINE + head);
        if (done == 0)
            memcpy(to, stage[row] + BNORM_LINE, (size_t)head);
        for (int i = done ? 0 : BNORM_LINE; i < WRITTEN; i += BNORM_PIECE)
            piece_stream(line + i, piece_load(from + i));
        for (int i = 0; i < BNORM_LINE; i += BNORM_PIECE)
            piece_store(stage[row] + i, piece_load(stage[row] + WRITTEN + i));
        to += ld;
    }
}

INLINE void unpack_staged(char *to, ptrdiff_t to_ld, const char *from, ptrdiff_t from_ld, int rows,
                          ptrdiff_t bytes, int width)
{
    _Alignas(BNORM_LINE) char stage[STAGED_ROWS][STAGED];
    const int side = WRITTEN / width;
    const ptrdiff_t step = side * from_ld;
    ptrdiff_t done = 0;
    for (; done + WRITTEN <= bytes; done += WRITTEN) {
        unpack_panels(stage[0] + BNORM_LINE, STAGED, from, from_ld,
                      to_next(step, done, bytes, rows, width), rows, side, width, 0);
        write_lines(to, to_ld, stage, rows, done);
        from += step;
    }
    unpack_rest(stage[0] + BNORM_LINE, STAGED, from, from_ld, rows, (int)(bytes - done), width, 0);
    for (int row = 0; row < rows; row++) {
        const int head = head_bytes(to);
        memcpy(to + (done - BNORM_LINE + head), stage[row] + head,
               (size_t)(bytes - done) + (size_t)(BNORM_LINE - head));
        to += to_ld;
    }
}

/* Narrow rows without gaps are staged whole, so that only the first and the last line
 * of a band are written in part. */
INLINE void unpack_dense(char *to, const char *from, ptrdiff_t from_ld, int rows, ptrdiff_t bytes,
                         int width)
{
    _Alignas(BNORM_LINE) char stage[BNORM_LINE + DENSE_BYTES];
    char *staged = stage + (uintptr_t)to % BNORM_LINE;
    const size_t all = (size_t)rows * (size_t)bytes, head = (size_t)head_bytes(to);
    size_t at = head < all ? head : all;
    unpack_band(staged, bytes, from, from_ld, rows, bytes, width, 0);
    memcpy(to, staged, at);
    for (; at + BNORM_LINE <= all; at += BNORM_LINE)
        for (int i = 0; i < BNORM_LINE; i += BNORM_PIECE)
            piece_stream(to + at + i, piece_load(staged + at + i));
    memcpy(to + at, staged + at, all - at);
}

typedef enum { UNPACK_PLAIN, UNPACK_STREAM, UNPACK_STAGED, UNPACK_DENSE } unpack_manner;

INLINE void unpack_width(bnorm_target to, bnorm_source panels, int64_t rows, ptrdiff_t bytes,
                         int width, unpack_manner manner)
{
    const int band = manner == UNPACK_STAGED  ? STAGED_ROWS
                     : manner == UNPACK_DENSE ? (int)(DENSE_BYTES / bytes)
                                              : UNPACK_ROWS;
    char *row = to.data;
    const char *from = panels.data;
    for (; rows > 0; rows -= band) {
        const int count = smaller(rows, band);
        if (manner == UNPACK_STAGED)
            unpack_staged(row, to.ld, from, panels.ld, count, bytes, width);
        else if (manner == UNPACK_DENSE)
            unpack_dense(row, from, panels.ld, count, bytes, width);
        else
            unpack_band(row, to.ld, from, panels.ld, count, bytes, width,
                        manner == UNPACK_STREAM);
        row += band * to.ld;
        from += band * width;
    }
}

static void unpack(bnorm_target to, bnorm_source panels, int64_t rows, ptrdiff_t bytes, int width)
{
    unpack_manner manner = UNPACK_PLAIN;
    if (to.stream && ((uintptr_t)to.data | (uintptr_t)to.ld) % BNORM_LINE == 0)
        manner = UNPACK_STREAM;
    else if (to.stream && to.ld == bytes && bytes <= NARROW_BYTES)
        manner = UNPACK_DENSE;
    else if (to.stream && bytes > NARROW_BYTES)
        manner = UNPACK_STAGED;
#define UNPACK(width, manner) unpack_width(to, panels, rows, bytes, width, manner)
#define MANNERS(width)                                                                             \
    case 4 * (width): UNPACK(width, UNPACK_PLAIN); break;                                          \
    case 4 * (width) + 1: UNPACK(width, UNPACK_STREAM); break;                                     \
    case 4 * (width) + 2: UNPACK(width, UNPACK_STAGED); break;                                     \
    case 4 * (width) + 3: UNPACK(width, UNPACK_DENSE); break
    switch (4 * width + (int)manner) {
        MANNERS(BNORM_PIECE);
        MANNERS(2 * BNORM_PIECE);
        MANNERS(4 * BNORM_PIECE);
    }
#undef MANNERS
#undef UNPACK
}
