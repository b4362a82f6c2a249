/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces of a row, for AVX2 and what includes it.  Two halves of a line that are
 * streamed one after the other are written together: nothing is gained by wider
 * vectors. */
typedef __m256i piece;

/* n / 4 ones followed by zeros. */
INLINE __m256i piece_mask(size_t n)
{
    static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(ones + 8 - n / 4));
}

INLINE piece piece_load(const char *p) { return _mm256_loadu_si256((const __m256i *)p); }
INLINE void piece_store(char *p, piece v) { _mm256_storeu_si256((__m256i *)p, v); }
INLINE void piece_stream(char *p, piece v) { _mm256_stream_si256((__m256i *)p, v); }
INLINE piece piece_loadn(const char *p, size_t n)
{
    return _mm256_maskload_epi32((const int *)p, piece_mask(n));
}

INLINE void piece_storen(char *p, piece v, size_t n)
{
    _mm256_maskstore_epi32((int *)p, piece_mask(n), v);
}
