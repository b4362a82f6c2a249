/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces of a row, in portable C: compilers make vectors of them. */
typedef struct {
    char bytes[BNORM_PIECE];
} piece;

INLINE piece piece_load(const char *p)
{
    piece v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE piece piece_loadn(const char *p, size_t n)
{
    piece v = {{0}};
    memcpy(&v, p, n);
    return v;
}

INLINE void piece_store(char *p, piece v) { memcpy(p, &v, sizeof v); }
INLINE void piece_stream(char *p, piece v) { piece_store(p, v); }
INLINE void piece_storen(char *p, piece v, size_t n) { memcpy(p, &v, n); }
