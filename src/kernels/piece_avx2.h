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

/* Not a masked store, which takes some CPUs longer than a line from memory. */
INLINE void piece_storen(char *p, piece v, size_t n)
{
    __m128i part = _mm256_castsi256_si128(v);
    if (n & 16) {
        _mm_storeu_si128((__m128i *)p, part);
        part = _mm256_extracti128_si256(v, 1);
        p += 16;
    }
    if (n & 8) {
        _mm_storel_epi64((__m128i *)p, part);
        part = _mm_srli_si128(part, 8);
        p += 8;
    }
    if (n & 4)
        _mm_storeu_si32(p, part);
}
