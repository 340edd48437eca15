#include "kernels/fixed.h"

#include "base/arena.h"
#include "kernels/kernel.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__linux__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define HAS_TILES 1
#endif

/* Work below which waking other threads costs more than it saves (multiply-adds). */
#define SHARE_WORK 6e7

/* Digits stand in the order in which tiles read them: chunk of inputs, COLUMNS outputs, digit
 * (the highest first, which has the sign), BYTES inputs; of those a row of four inputs for
 * every output. Zeros fill up what is missing. */
enum { COLUMNS = 16, BYTES = 64, DIGITS = 3, TILE = COLUMNS * BYTES, ROWS = 16, TILES = 5, GROUP = ROWS * TILES };

/* Products of an input's digit with a weight's that count for the same power of 256 are added up
 * together, from the highest. Counts have one digit. Values have three, of -128 to 127, so that
 * what is left out, the lowest digit times the lowest, is as often too much as too little. */
enum { COUNT_LEVELS = DIGITS, VALUE_LEVELS = 2 * DIGITS - 2, VALUE_MOST = 127 * 65536 + 127 * 256 + 127 };

static int
parts_of(int n, int part)
{
	return (n + part - 1) / part;
}

/* Of the chunk that begins at input `from`: how many times BYTES. */
static int
steps_of(const struct fixed *f, int from)
{
	return parts_of(f->in - from < FIXED_CHUNK ? f->in - from : FIXED_CHUNK, BYTES);
}

size_t
fixed_size(int in, int out)
{
	return (size_t)parts_of(in, BYTES) * (size_t)parts_of(out, COLUMNS) * DIGITS * TILE;
}

/* Where a chunk's digits of COLUMNS outputs begin. */
static size_t
digits_at(const struct fixed *f, int from, int columns)
{
	size_t before = (size_t)(from / BYTES) * (size_t)parts_of(f->out, COLUMNS);

	return (before + (size_t)columns * (size_t)steps_of(f, from)) * DIGITS * TILE;
}

static void
fill_output(const struct fixed *f, const float *w, const float *quantum, int o)
{
	double largest = 0, unit;

	for (int i = 0; i < f->in; i++)
		largest = fmax(largest, fabs((double)w[i] * (double)quantum[i]));
	f->scale[o] = (float)(largest / FIXED_MOST);
	unit = f->scale[o] > 0 ? 1 / (double)f->scale[o] : 0;
	for (int i = 0; i < f->in; i++) {
		int from = i / FIXED_CHUNK * FIXED_CHUNK, steps = steps_of(f, from), in = i - from;
		int q = (int)fmax(fmin(rint((double)w[i] * (double)quantum[i] * unit), FIXED_MOST), -FIXED_MOST);
		uint8_t *to = f->weight + digits_at(f, from, o / COLUMNS) + (size_t)(in / BYTES) * TILE +
			      (size_t)(in % BYTES / 4 * BYTES + o % COLUMNS * 4 + in % 4);

		for (int d = 0; d < DIGITS; d++)
			to[(size_t)(d * steps) * TILE] = (uint8_t)((uint32_t)q >> (8 * (DIGITS - 1 - d)));
	}
}

struct fixed *
fixed_new(struct arena *arena, int in, int out)
{
	struct fixed *f = arena_alloc(arena, sizeof(*f));

	if (!f)
		return NULL;
	*f = (struct fixed){in, out, arena_alloc(arena, fixed_size(in, out)), arena_floats(arena, (size_t)out)};
	return f->weight && f->scale ? f : NULL;
}

void
fixed_fill(struct fixed *f, const float *w, const float *quantum)
{
#pragma omp parallel for schedule(static)
	for (int block = 0; block < parts_of(f->out, COLUMNS); block++)
		for (int o = block * COLUMNS; o < f->out && o < (block + 1) * COLUMNS; o++)
			fill_output(f, w + (size_t)o * (size_t)f->in, quantum, o);
}

size_t
fixed_row(int in)
{
	return (size_t)parts_of(in, BYTES) * BYTES;
}

/* Tiles take rows evenly: all of them but the last have `high`. */
static int
high_of(int rows)
{
	return parts_of(rows, parts_of(rows, ROWS));
}

size_t
fixed_counts_size(int rows, int in)
{
	return (size_t)(parts_of(rows, ROWS) * ROWS) * fixed_row(in);
}

/* Digits of values stand in planes, one for each, and behind them what a unit of every row is worth. */
size_t
fixed_values_scratch(int rows, int in)
{
	return DIGITS * fixed_counts_size(rows, in) + (size_t)rows * sizeof(float);
}

/* The sum's last byte is that of the nearest whole number. */
KERNEL void
fixed_counts(const float *restrict x, const float *restrict inverse, float grain, int n, int8_t *restrict counts)
{
	const float whole = 0x1.8p23f, shrink = 1 / grain;

#pragma omp simd
	for (int i = 0; i < n; i++) {
		float sum = x[i] * inverse[i] * shrink + whole;

		counts[i] = (int8_t)bits_of(sum);
	}
}

KERNEL static float
largest_of(const float *restrict x, int n)
{
	int32_t most = 0;

#pragma omp simd reduction(max : most)
	for (int i = 0; i < n; i++) {
		int32_t size = bits_of(x[i]) & INT32_MAX;

		most = size > most ? size : most;
	}
	return float_of(most);
}

/* The least power of two of which a row's values are at most VALUE_MOST; NAN when they are not
 * finite. Rows of almost nothing are rounded more coarsely than they need be. */
static float
unit_of(const float *x, int n)
{
	float most = greater(0x1p-80f, largest_of(x, n)), unit;

	if (!(most < INFINITY))
		return NAN;
	unit = ldexpf(1, ilogbf(most) - 22);
	return most / unit > VALUE_MOST ? 2 * unit : unit;
}

/* A row's values in units of 1 / inverse, digit by digit. */
KERNEL static void
split_values(const float *restrict x, float inverse, int n, int8_t *restrict high, int8_t *restrict middle, int8_t *restrict low)
{
#pragma omp simd
	for (int i = 0; i < n; i++) {
		int32_t q = (int32_t)rintf(greater(lesser(x[i] * inverse, VALUE_MOST), -VALUE_MOST));
		int32_t upper = (q + 128) >> 8;

		low[i] = (int8_t)q;
		middle[i] = (int8_t)upper;
		high[i] = (int8_t)((upper + 128) >> 8);
	}
}

/* One product: rows of bytes in tiles. */
struct job {
	const struct fixed *f;
	const int8_t *k; /* [digits] planes, the highest first */
	size_t plane;
	int digits, levels;
	int rows, high;
	float grain;           /* what a unit of the lowest level is worth, times that of the weights */
	const float *grain_of; /* [rows], for values */
	float *y;
};

/* A chunk's sums of COLUMNS outputs for the rows of a group, level by level. */
struct sums {
	_Alignas(64) int32_t of[VALUE_LEVELS][GROUP][COLUMNS];
};

/* Levels of counts are whole numbers below 2^24, so floats hold them. */
static inline float
sum_of_levels(const struct job *job, const struct sums *sums, int r, int c)
{
	float sum = (float)sums->of[0][r][c];

	for (int level = 1; level < job->levels; level++)
		sum = fmaf(sum, 256.0f, (float)sums->of[level][r][c]);
	return sum;
}

static float
grain_at(const struct job *job, int row)
{
	return job->grain_of ? job->grain_of[row] : job->grain;
}

/* The weights' digit that meets an input's at a level; is there one? */
static bool
meets(const struct job *job, int level, int digit)
{
	return digit < job->digits && digit <= level && level - digit < DIGITS;
}

/* Adds the products of an input's digit k with a weight's. */
static void
plain_level(const struct job *job, const int8_t *k, const uint8_t *w, bool has_sign, int steps, int rows,
	    int32_t (*sums)[COLUMNS])
{
	size_t stride = fixed_row(job->f->in);

	for (int i = 0; i < steps * BYTES; i++)
		for (int r = 0; r < rows; r++)
			for (int c = 0; c < COLUMNS; c++) {
				size_t at = (size_t)(i / 4 * BYTES + c * 4 + i % 4);

				sums[r][c] += k[(size_t)r * stride + (size_t)i] * (has_sign ? (int8_t)w[at] : w[at]);
			}
}

static void
plain_sums(const struct job *job, int from, int block, int first, int rows, struct sums *sums)
{
	const struct fixed *f = job->f;
	const int8_t *k = job->k + (size_t)first * fixed_row(f->in) + (size_t)from;
	int steps = steps_of(f, from);

	memset(sums, 0, sizeof(*sums));
	for (int level = 0; level < job->levels; level++)
		for (int d = 0; d < DIGITS; d++)
			if (meets(job, level, d))
				plain_level(job, k + (size_t)d * job->plane,
					    f->weight + digits_at(f, from, block) + (size_t)((level - d) * steps) * TILE,
					    level == d, steps, rows, sums->of[level]);
}

static void
plain_finish(const struct job *job, int block, int first, int rows, const struct sums *sums)
{
	const struct fixed *f = job->f;

	for (int r = 0; r < rows; r++)
		for (int c = 0; c < COLUMNS && block * COLUMNS + c < f->out; c++) {
			int o = block * COLUMNS + c;
			float *y = job->y + (size_t)(first + r) * (size_t)f->out + o;

			*y = fmaf(sum_of_levels(job, sums, r, c), f->scale[o] * grain_at(job, first + r), *y);
		}
}

static void
plain_blocks(const struct job *job, int begin, int end)
{
	struct sums sums;

	for (int from = 0; from < job->f->in; from += FIXED_CHUNK)
		for (int block = begin; block < end; block++)
			for (int first = 0; first < job->rows; first += GROUP) {
				int rows = job->rows - first < GROUP ? job->rows - first : GROUP;

				plain_sums(job, from, block, first, rows, &sums);
				plain_finish(job, block, first, rows, &sums);
			}
}

#ifdef HAS_TILES
#define AMX __attribute__((target("arch=x86-64-v4,amx-tile,amx-int8")))

/* What LDTILECFG reads (Intel SDM 1, chapter 18.3). */
struct tile_shapes {
	uint8_t palette, start, zero[14];
	uint16_t bytes[16];
	uint8_t rows[16];
};

/* Of counts, tiles 0 to 4 are sums, 5 and 7 rows, 6 weights; of values, 0 to 3 sums, 4 rows and
 * the others weights. */
AMX static void
set_tiles(int high, int first_weights, int last_weights)
{
	struct tile_shapes shapes = {.palette = 1};

	for (int i = 0; i < 8; i++) {
		shapes.bytes[i] = BYTES;
		shapes.rows[i] = (uint8_t)(i < first_weights || i > last_weights ? high : BYTES / 4);
	}
	__asm__ volatile("ldtilecfg %0" : : "m"(shapes));
}

/* The sums of one digit: its weights are read once for all rows. The highest digit has a sign. */
#define TILE_SUMS(name, multiply)                                                                                                \
	AMX static void name(const int8_t *k, size_t stride, int high, const uint8_t *w, int steps, int tiles,                   \
			     int32_t(*sums)[COLUMNS])                                                                            \
	{                                                                                                                        \
		const size_t next = (size_t)high * stride;                                                                       \
                                                                                                                                 \
		_tile_zero(0);                                                                                                   \
		_tile_zero(1);                                                                                                   \
		_tile_zero(2);                                                                                                   \
		_tile_zero(3);                                                                                                   \
		_tile_zero(4);                                                                                                   \
		for (int step = 0; step < steps; step++, k += BYTES, w += TILE) {                                                \
			_tile_loadd(6, w, BYTES);                                                                                \
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

/* All levels of some rows: every digit is read once. */
AMX static void
tile_levels(const int8_t *k, size_t plane, size_t stride, const uint8_t *w, int steps, int32_t (*sums)[GROUP][COLUMNS])
{
	const uint8_t *middle = w + (size_t)steps * TILE, *low = middle + (size_t)steps * TILE;

	_tile_zero(0);
	_tile_zero(1);
	_tile_zero(2);
	_tile_zero(3);
	for (int step = 0; step < steps; step++, k += BYTES) {
		_tile_loadd(5, w + (size_t)step * TILE, BYTES);
		_tile_loadd(6, middle + (size_t)step * TILE, BYTES);
		_tile_loadd(7, low + (size_t)step * TILE, BYTES);
		_tile_loadd(4, k, stride);
		_tile_dpbssd(0, 4, 5);
		_tile_dpbsud(1, 4, 6);
		_tile_dpbsud(2, 4, 7);
		_tile_loadd(4, k + plane, stride);
		_tile_dpbssd(1, 4, 5);
		_tile_dpbsud(2, 4, 6);
		_tile_dpbsud(3, 4, 7);
		_tile_loadd(4, k + 2 * plane, stride);
		_tile_dpbssd(2, 4, 5);
		_tile_dpbsud(3, 4, 6);
	}
	_tile_stored(0, sums[0], sizeof(**sums));
	_tile_stored(1, sums[1], sizeof(**sums));
	_tile_stored(2, sums[2], sizeof(**sums));
	_tile_stored(3, sums[3], sizeof(**sums));
}

AMX static inline __m512
level_of(const int32_t *sums)
{
	return _mm512_cvtepi32_ps(_mm512_load_si512(sums));
}

/* plain_finish() for COLUMNS outputs at once. */
AMX INLINE static void
tile_finish(const struct job *job, int block, int first, int rows, const struct sums *sums, bool values)
{
	const struct fixed *f = job->f;
	const __m512 base = _mm512_set1_ps(256);
	int left = f->out - block * COLUMNS;
	__mmask16 real = left < COLUMNS ? (__mmask16)((1u << left) - 1) : 0xffff;
	__m512 scale = _mm512_maskz_loadu_ps(real, f->scale + block * COLUMNS);
	__m512 worth = _mm512_mul_ps(scale, _mm512_set1_ps(job->grain));
	float *y = job->y + (size_t)first * (size_t)f->out + block * COLUMNS;

	for (int r = 0; r < rows; r++, y += f->out) {
		__m512 sum = _mm512_fmadd_ps(level_of(sums->of[0][r]), base, level_of(sums->of[1][r]));

		sum = _mm512_fmadd_ps(sum, base, level_of(sums->of[2][r]));
		if (values) {
			sum = _mm512_fmadd_ps(sum, base, level_of(sums->of[3][r]));
			worth = _mm512_mul_ps(scale, _mm512_set1_ps(job->grain_of[first + r]));
		}
		_mm512_mask_storeu_ps(y, real, _mm512_fmadd_ps(sum, worth, _mm512_maskz_loadu_ps(real, y)));
	}
}

AMX static void
finish_counts(const struct job *job, int block, int first, int rows, const struct sums *sums)
{
	tile_finish(job, block, first, rows, sums, false);
}

AMX static void
finish_values(const struct job *job, int block, int first, int rows, const struct sums *sums)
{
	tile_finish(job, block, first, rows, sums, true);
}

static void
tile_counts(const struct job *job, int begin, int end)
{
	const struct fixed *f = job->f;
	size_t stride = fixed_row(f->in);
	struct sums sums;

	set_tiles(job->high, 6, 6);
	for (int from = 0; from < f->in; from += FIXED_CHUNK)
		for (int block = begin; block < end; block++)
			for (int first = 0; first < job->rows; first += TILES * job->high) {
				const int8_t *k = job->k + (size_t)first * stride + from;
				const uint8_t *w = f->weight + digits_at(f, from, block);
				int steps = steps_of(f, from), left = job->rows - first;
				int tiles = left < TILES * job->high ? parts_of(left, job->high) : TILES;

				tile_sums_signed(k, stride, job->high, w, steps, tiles, sums.of[0]);
				tile_sums_unsigned(k, stride, job->high, w + (size_t)steps * TILE, steps, tiles, sums.of[1]);
				tile_sums_unsigned(k, stride, job->high, w + (size_t)(2 * steps) * TILE, steps, tiles,
						   sums.of[2]);
				finish_counts(job, block, first, left < tiles * job->high ? left : tiles * job->high, &sums);
			}
	__asm__ volatile("tilerelease");
}

static void
tile_values(const struct job *job, int begin, int end)
{
	const struct fixed *f = job->f;
	size_t stride = fixed_row(f->in);
	struct sums sums;

	set_tiles(job->high, 5, 7);
	for (int from = 0; from < f->in; from += FIXED_CHUNK)
		for (int block = begin; block < end; block++)
			for (int first = 0; first < job->rows; first += job->high) {
				int left = job->rows - first;

				tile_levels(job->k + (size_t)first * stride + from, job->plane, stride,
					    f->weight + digits_at(f, from, block), steps_of(f, from), sums.of);
				finish_values(job, block, first, left < job->high ? left : job->high, &sums);
			}
	__asm__ volatile("tilerelease");
}

/* The system saves tiles only for processes that ask for it (Linux, Documentation/arch/x86/xstate.rst). */
static bool
ask_for_tiles(void)
{
	enum { REQUEST = 0x1023, TILE_DATA = 18 };
	const char *wish = getenv("SPIKESCOPE_AMX");

	if (wish && strcmp(wish, "0") == 0)
		return false;
	return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") &&
	       syscall(SYS_arch_prctl, REQUEST, TILE_DATA) == 0;
}
#else
#define tile_counts plain_blocks
#define tile_values plain_blocks

static bool
ask_for_tiles(void)
{
	return false;
}
#endif

bool
fixed_is_fast(void)
{
	static int answer; /* 0: not asked; 1: no; 2: yes. All threads find the same */

	if (__atomic_load_n(&answer, __ATOMIC_RELAXED) == 0)
		__atomic_store_n(&answer, ask_for_tiles() ? 2 : 1, __ATOMIC_RELAXED);
	return __atomic_load_n(&answer, __ATOMIC_RELAXED) == 2;
}

static void
run_job(const struct job *job, void (*run)(const struct job *, int, int))
{
	const struct fixed *f = job->f;
	int blocks = parts_of(f->out, COLUMNS);

	if ((double)job->rows * f->in * f->out < SHARE_WORK || omp_get_max_threads() == 1) {
		run(job, 0, blocks);
		return;
	}
#pragma omp parallel
	run(job, blocks * omp_get_thread_num() / omp_get_num_threads(),
	    blocks * (omp_get_thread_num() + 1) / omp_get_num_threads());
}

static struct job
start_counts(const struct fixed *f, const int8_t *counts, int rows, float grain, float *y)
{
	return (struct job){.f = f,
			    .k = counts,
			    .digits = 1,
			    .levels = COUNT_LEVELS,
			    .rows = rows,
			    .high = high_of(rows),
			    .grain = grain,
			    .y = y};
}

/* Four levels of six end at 256 times the product of two lowest digits. */
static struct job
start_values(const struct fixed *f, const float *x, int rows, int8_t *scratch, float *y)
{
	size_t plane = fixed_counts_size(rows, f->in);
	float *grain = (float *)(void *)(scratch + DIGITS * plane);

	for (int r = 0; r < rows; r++) {
		const float *row = x + (size_t)r * (size_t)f->in;
		int8_t *digits = scratch + (size_t)r * fixed_row(f->in);
		float unit = unit_of(row, f->in);

		split_values(row, 1 / unit, f->in, digits, digits + plane, digits + 2 * plane);
		grain[r] = 256 * unit;
	}
	return (struct job){.f = f,
			    .k = scratch,
			    .plane = plane,
			    .digits = DIGITS,
			    .levels = VALUE_LEVELS,
			    .rows = rows,
			    .high = high_of(rows),
			    .grain_of = grain,
			    .y = y};
}

void
fixed_add(const struct fixed *f, const int8_t *counts, int rows, float grain, float *y)
{
	struct job job = start_counts(f, counts, rows, grain, y);

	run_job(&job, fixed_is_fast() ? tile_counts : plain_blocks);
}

void
fixed_add_plain(const struct fixed *f, const int8_t *counts, int rows, float grain, float *y)
{
	struct job job = start_counts(f, counts, rows, grain, y);

	run_job(&job, plain_blocks);
}

void
fixed_add_values(const struct fixed *f, const float *x, int rows, int8_t *scratch, float *y)
{
	struct job job = start_values(f, x, rows, scratch, y);

	run_job(&job, fixed_is_fast() ? tile_values : plain_blocks);
}

void
fixed_add_values_plain(const struct fixed *f, const float *x, int rows, int8_t *scratch, float *y)
{
	struct job job = start_values(f, x, rows, scratch, y);

	run_job(&job, plain_blocks);
}
