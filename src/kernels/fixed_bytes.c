/* All inputs of a row, as sums of products of bytes: a weight's three digits are taken one by one, and their sums,
 * of which the first counts 65536 and the second 256, are put together. */
#include "kernels/fixed_job.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define V4   __attribute__((target("arch=x86-64-v4,prefer-vector-width=512")))
#define VNNI __attribute__((target("arch=x86-64-v4,avx512vnni,prefer-vector-width=512")))
#define AMX  __attribute__((target("arch=x86-64-v4,amx-tile,amx-int8")))

enum { ROWS_MAX = 9, TILE_ROWS = 16, TILES = 5, GROUP = TILE_ROWS * TILES };

/* The sums of a row's digits: any of them is below 2^24. */
struct levels {
	__m512i high, middle, low;
};

/* 65536 high + 256 middle + low, rounded once. */
V4 INLINE static __m512
round_narrow(struct levels s)
{
	return _mm512_cvtepi32_ps(
	    _mm512_add_epi32(_mm512_slli_epi32(_mm512_add_epi32(_mm512_slli_epi32(s.high, 8), s.middle), 8), s.low));
}

V4 INLINE static __m256
round_half(__m256i upper, __m256i low)
{
	return _mm512_cvtpd_ps(_mm512_fmadd_pd(_mm512_cvtepi32_pd(upper), _mm512_set1_pd(256), _mm512_cvtepi32_pd(low)));
}

V4 INLINE static __m512
round_wide(struct levels s)
{
	__m512i upper = _mm512_add_epi32(_mm512_slli_epi32(s.high, 8), s.middle);
	__m256 first = round_half(_mm512_castsi512_si256(upper), _mm512_castsi512_si256(s.low));
	__m256 second = round_half(_mm512_extracti64x4_epi64(upper, 1), _mm512_extracti64x4_epi64(s.low, 1));

	return _mm512_insertf32x8(_mm512_castps256_ps512(first), second, 1);
}

/* What a row's sums of FIXED_COLUMNS outputs are added to. */
struct place {
	float *y;
	__mmask16 real;
	__m512 worth;
};

V4 INLINE static struct place
place_of(const struct fixed_job *job, int block)
{
	const struct fixed *f = job->f;
	int left = f->out - block * FIXED_COLUMNS;
	__mmask16 real = left < FIXED_COLUMNS ? (__mmask16)((1u << left) - 1) : 0xffff;

	return (struct place){
	    job->y + block * FIXED_COLUMNS, real,
	    _mm512_mul_ps(_mm512_maskz_loadu_ps(real, f->scale + block * FIXED_COLUMNS), _mm512_set1_ps(job->grain))};
}

V4 INLINE static void
finish_row(const struct fixed_job *job, struct place place, int chunk, int row, struct levels s)
{
	float *y = place.y + (size_t)row * (size_t)job->f->out;
	__m512 sum = job->part[row * job->chunks + chunk].quanta <= FIXED_NARROW ? round_narrow(s) : round_wide(s);

	_mm512_mask_storeu_ps(y, place.real, _mm512_fmadd_ps(sum, place.worth, _mm512_maskz_loadu_ps(place.real, y)));
}

/* --- vectors ---------------------------------------------------------------- */

/* Not a part of the kernels, whose sums would leave their registers. */
V4 __attribute__((noinline)) static void
finish_rows(const struct fixed_job *job, int block, int chunk, const int *row, int rows, const struct levels *sums)
{
	const struct place place = place_of(job, block);

	for (int r = 0; r < rows; r++)
		finish_row(job, place, chunk, row[r], sums[r]);
}

/* ROWS rows at a time, whose sums stay in registers. A bytes' product takes one factor without a sign: the highest digit
 * with 128 added, which adds 128 times the sum of counts. */
#define RUN_ROWS(ROWS)                                                                                                           \
	VNNI static void run_##ROWS(const struct fixed_job *job, int chunk, int block, const int *row)                           \
	{                                                                                                                        \
		const struct fixed *f = job->f;                                                                                  \
		int from = chunk * FIXED_CHUNK, steps = fixed_steps(f, from);                                                    \
		size_t stride = fixed_row(f->in), plane = (size_t)steps * FIXED_TILE;                                            \
		const uint8_t *w = f->digits + fixed_digits_at(f, from, block);                                                  \
		const __m512i sign = _mm512_set1_epi8(-128);                                                                     \
		const int8_t *k[ROWS];                                                                                           \
		__m512i high[ROWS], middle[ROWS], low[ROWS];                                                                     \
		struct levels sums[ROWS];                                                                                        \
                                                                                                                                 \
		for (int r = 0; r < (ROWS); r++) {                                                                               \
			k[r] = job->counts + (size_t)row[r] * stride + from;                                                     \
			high[r] = _mm512_set1_epi32(-128 * job->part[row[r] * job->chunks + chunk].sum);                         \
			middle[r] = _mm512_setzero_si512();                                                                      \
			low[r] = _mm512_setzero_si512();                                                                         \
		}                                                                                                                \
		for (int i = 0; i < steps * FIXED_BYTES; i += 4, w += FIXED_BYTES) {                                             \
			__m512i first = _mm512_xor_si512(_mm512_load_si512(w), sign);                                            \
			__m512i second = _mm512_load_si512(w + plane), third = _mm512_load_si512(w + 2 * plane);                 \
                                                                                                                                 \
			_Pragma("GCC unroll 9") for (int r = 0; r < (ROWS); r++)                                                 \
			{                                                                                                        \
				__m512i counts = _mm512_set1_epi32(four_at(k[r] + i));                                           \
                                                                                                                                 \
				high[r] = dot(high[r], first, counts);                                                           \
				middle[r] = dot(middle[r], second, counts);                                                      \
				low[r] = dot(low[r], third, counts);                                                             \
			}                                                                                                        \
		}                                                                                                                \
		for (int r = 0; r < (ROWS); r++)                                                                                 \
			sums[r] = (struct levels){high[r], middle[r], low[r]};                                                   \
		finish_rows(job, block, chunk, row, ROWS, sums);                                                                 \
	}

/* gcc 12 copies the sums of the intrinsic function about. */
VNNI INLINE static __m512i
dot(__m512i sum, __m512i digits, __m512i counts)
{
	__asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(digits), "v"(counts));
	return sum;
}

static inline int32_t
four_at(const int8_t *counts)
{
	int32_t four;

	__builtin_memcpy(&four, counts, sizeof(four));
	return four;
}

RUN_ROWS(1)
RUN_ROWS(2)
RUN_ROWS(3)
RUN_ROWS(4)
RUN_ROWS(5)
RUN_ROWS(6)
RUN_ROWS(7)
RUN_ROWS(8)
RUN_ROWS(9)

typedef void run_some(const struct fixed_job *job, int chunk, int block, const int *row);

/* Rows are shared out evenly. */
static void
run_block(const struct fixed_job *job, int chunk, int block)
{
	static run_some *const some[ROWS_MAX] = {run_1, run_2, run_3, run_4, run_5, run_6, run_7, run_8, run_9};
	int groups = fixed_parts(job->dense_rows, ROWS_MAX), at = 0;

	for (int i = 0; i < groups; i++) {
		int rows = job->dense_rows / groups + (i < job->dense_rows % groups);

		some[rows - 1](job, chunk, block, job->dense + at);
		at += rows;
	}
}

/* Blocks of FIXED_COLUMNS outputs behind the last panel of the range. */
static int
blocks_until(const struct fixed *f, int end)
{
	int blocks = fixed_parts(f->out, FIXED_COLUMNS), last = end * (FIXED_PANEL / FIXED_COLUMNS);

	return last < blocks ? last : blocks;
}

void
fixed_run_vnni(const struct fixed_job *job, int begin, int end)
{
	for (int chunk = 0; chunk < job->chunks; chunk++)
		for (int block = begin * (FIXED_PANEL / FIXED_COLUMNS); block < blocks_until(job->f, end); block++)
			run_block(job, chunk, block);
}

/* --- tiles ------------------------------------------------------------------- */

/* Tiles take rows evenly: all of them but the last have as many. */
static int
high_of(int rows)
{
	return fixed_parts(rows, fixed_parts(rows, TILE_ROWS));
}

/* What LDTILECFG reads (Intel SDM 1, chapter 18.3). */
struct tile_shapes {
	uint8_t palette, start, zero[14];
	uint16_t bytes[16];
	uint8_t rows[16];
};

/* A test has tiles of its own. */
#ifndef CONFIGURE_TILES
#define CONFIGURE_TILES(shapes) __asm__ volatile("ldtilecfg %0" : : "m"(shapes))
#define RELEASE_TILES()         __asm__ volatile("tilerelease")
#endif

/* Tiles 0 to 4 are sums, 5 and 7 rows, 6 weights. */
AMX static void
set_tiles(int high)
{
	struct tile_shapes shapes = {.palette = 1};

	for (int i = 0; i < 8; i++) {
		shapes.bytes[i] = FIXED_BYTES;
		shapes.rows[i] = (uint8_t)(i == 6 ? FIXED_BYTES / 4 : high);
	}
	CONFIGURE_TILES(shapes);
}

/* The sums of one digit: its weights are read once for all rows. The highest digit has a sign. */
#define TILE_SUMS(name, multiply)                                                                                                \
	AMX static void name(const int8_t *k, size_t stride, int high, const uint8_t *w, int steps, int tiles,                   \
			     int32_t(*sums)[FIXED_COLUMNS])                                                                      \
	{                                                                                                                        \
		const size_t next = (size_t)high * stride;                                                                       \
                                                                                                                                 \
		_tile_zero(0);                                                                                                   \
		_tile_zero(1);                                                                                                   \
		_tile_zero(2);                                                                                                   \
		_tile_zero(3);                                                                                                   \
		_tile_zero(4);                                                                                                   \
		for (int step = 0; step < steps; step++, k += FIXED_BYTES, w += FIXED_TILE) {                                    \
			_tile_loadd(6, w, FIXED_BYTES);                                                                          \
			_tile_loadd(5, k, stride);                                                                               \
			multiply(0, 5, 6);                                                                                       \
			if (tiles > 1) {                                                                                         \
				_tile_loadd(7, k + next, stride);                                                                \
				multiply(1, 7, 6);                                                                               \
			}                                                                                                        \
			if (tiles > 2) {                                                                                         \
				_tile_loadd(5, k + 2 * next, stride);                                                            \
				multiply(2, 5, 6);                                                                               \
			}                                                                                                        \
			if (tiles > 3) {                                                                                         \
				_tile_loadd(7, k + 3 * next, stride);                                                            \
				multiply(3, 7, 6);                                                                               \
			}                                                                                                        \
			if (tiles > 4) {                                                                                         \
				_tile_loadd(5, k + 4 * next, stride);                                                            \
				multiply(4, 5, 6);                                                                               \
			}                                                                                                        \
		}                                                                                                                \
		_tile_stored(0, sums, sizeof(*sums));                                                                            \
		_tile_stored(1, sums + high, sizeof(*sums));                                                                     \
		_tile_stored(2, sums + 2 * high, sizeof(*sums));                                                                 \
		_tile_stored(3, sums + 3 * high, sizeof(*sums));                                                                 \
		_tile_stored(4, sums + 4 * high, sizeof(*sums));                                                                 \
	}
TILE_SUMS(tile_sums_signed, _tile_dpbssd)
TILE_SUMS(tile_sums_unsigned, _tile_dpbsud)

/* A chunk's sums of FIXED_COLUMNS outputs for the rows of a group, digit by digit. */
struct sums {
	_Alignas(64) int32_t of[FIXED_DIGITS][GROUP][FIXED_COLUMNS];
};

AMX static void
finish_tiles(const struct fixed_job *job, int chunk, int block, int first, int rows, const struct sums *sums)
{
	const struct place place = place_of(job, block);

	for (int r = 0; r < rows; r++)
		finish_row(job, place, chunk, first + r,
			   (struct levels){_mm512_load_si512(sums->of[0][r]), _mm512_load_si512(sums->of[1][r]),
					   _mm512_load_si512(sums->of[2][r])});
}

/* Rows from `first` on, up to a group of them. */
static void
run_group(const struct fixed_job *job, int chunk, int block, int first, int high, struct sums *sums)
{
	const struct fixed *f = job->f;
	int from = chunk * FIXED_CHUNK, steps = fixed_steps(f, from), left = job->rows - first;
	int tiles = left < TILES * high ? fixed_parts(left, high) : TILES;
	size_t stride = fixed_row(f->in), plane = (size_t)steps * FIXED_TILE;
	const int8_t *k = job->counts + (size_t)first * stride + from;
	const uint8_t *w = f->digits + fixed_digits_at(f, from, block);

	tile_sums_signed(k, stride, high, w, steps, tiles, sums->of[0]);
	tile_sums_unsigned(k, stride, high, w + plane, steps, tiles, sums->of[1]);
	tile_sums_unsigned(k, stride, high, w + 2 * plane, steps, tiles, sums->of[2]);
	finish_tiles(job, chunk, block, first, left < tiles * high ? left : tiles * high, sums);
}

void
fixed_run_amx(const struct fixed_job *job, int begin, int end)
{
	int high = high_of(job->rows);
	struct sums sums;

	set_tiles(high);
	for (int chunk = 0; chunk < job->chunks; chunk++)
		for (int block = begin * (FIXED_PANEL / FIXED_COLUMNS); block < blocks_until(job->f, end); block++)
			for (int first = 0; first < job->rows; first += TILES * high)
				run_group(job, chunk, block, first, high, &sums);
	RELEASE_TILES();
}
#else
void
fixed_run_vnni(const struct fixed_job *job, int begin, int end)
{
	fixed_run_events(job, begin, end);
}

void
fixed_run_amx(const struct fixed_job *job, int begin, int end)
{
	fixed_run_events(job, begin, end);
}
#endif
