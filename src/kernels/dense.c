#include "kernels/dense.h"

#include "base/arena.h"
#include "kernels/cpu.h"
#include "kernels/kernel.h"
#include "kernels/panels.h"

#include <omp.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* Work below which waking other threads costs more than it saves (multiply-adds). */
#define SHARE_WORK 2e7

/* Vectors that need no alignment. */
typedef float vec16 __attribute__((vector_size(64), aligned(4)));
typedef float vec8 __attribute__((vector_size(32), aligned(4)));
typedef float vec4 __attribute__((vector_size(16), aligned(4)));

/* a b + c, rounded once. */
INLINE static vec4
fused_4(float a, vec4 b, vec4 c)
{
#if defined(__aarch64__)
	return vfmaq_n_f32(c, b, a);
#else
	for (int i = 0; i < 4; i++)
		c[i] = __builtin_fmaf(a, b[i], c[i]);
	return c;
#endif
}

enum { ROWS_MAX = 8 };

/* A block of outputs: rows of y, columns from the panel at w, whose inputs are ldw apart.
 * start: what is added to, rows lds apart. */
struct block {
	const float *x, *w, *start;
	float *y;
	int in, ldx, ldw, lds, ldy;
};

typedef void block_run(const struct block *b);

/* ROWS x VECS accumulators in registers. */
#define BLOCK(name, TARGET, vec, fused, ROWS, VECS)                                                                              \
	TARGET static void name(const struct block *b)                                                                           \
	{                                                                                                                        \
		enum { LANES = sizeof(vec) / sizeof(float) };                                                                    \
		const float *x = b->x, *w = b->w;                                                                                \
		const size_t ldx = (size_t)b->ldx, ldw = (size_t)b->ldw;                                                         \
		const int in = b->in;                                                                                            \
		vec sum[ROWS][VECS];                                                                                             \
                                                                                                                                 \
		for (int r = 0; r < (ROWS); r++)                                                                                 \
			for (int v = 0; v < (VECS); v++)                                                                         \
				sum[r][v] = (vec){0};                                                                            \
		for (int i = 0; i < in; i++, w += ldw) {                                                                         \
			vec now[VECS];                                                                                           \
                                                                                                                                 \
			for (int v = 0; v < (VECS); v++)                                                                         \
				now[v] = *(const vec *)(w + (size_t)v * LANES);                                                  \
			for (int r = 0; r < (ROWS); r++)                                                                         \
				for (int v = 0; v < (VECS); v++)                                                                 \
					sum[r][v] = fused(x[(size_t)r * ldx + (size_t)i], now[v], sum[r][v]);                    \
		}                                                                                                                \
		for (int r = 0; r < (ROWS); r++)                                                                                 \
			for (int v = 0; v < (VECS); v++)                                                                         \
				*(vec *)(b->y + (size_t)r * (size_t)b->ldy + (size_t)v * LANES) =                                \
				    *(const vec *)(b->start + (size_t)r * (size_t)b->lds + (size_t)v * LANES) + sum[r][v];       \
	}

#define BLOCKS(name, TARGET, vec, fused, VECS)                                                                                   \
	BLOCK(name##_1, TARGET, vec, fused, 1, VECS)                                                                             \
	BLOCK(name##_2, TARGET, vec, fused, 2, VECS)                                                                             \
	BLOCK(name##_3, TARGET, vec, fused, 3, VECS)                                                                             \
	BLOCK(name##_4, TARGET, vec, fused, 4, VECS)
#define BLOCKS_MORE(name, TARGET, vec, fused, VECS)                                                                              \
	BLOCK(name##_5, TARGET, vec, fused, 5, VECS)                                                                             \
	BLOCK(name##_6, TARGET, vec, fused, 6, VECS)                                                                             \
	BLOCK(name##_7, TARGET, vec, fused, 7, VECS)                                                                             \
	BLOCK(name##_8, TARGET, vec, fused, 8, VECS)
#define ROW_OF(name)      name##_1, name##_2, name##_3, name##_4
#define ROW_OF_MORE(name) name##_5, name##_6, name##_7, name##_8

/* Events of LISTS rows at a time: per event the weights' place in the panel and the spike. */
enum { LISTS = 4, CHUNK = DENSE_CHUNK };

struct event_block {
	const int32_t *at;  /* [events, LISTS]: input times PANEL_PART */
	const float *value; /* [events, LISTS] */
	const float *w;
	float *y[LISTS];
	int events;
};

typedef void event_run(const struct event_block *b);

#define EVENTS(name, TARGET, vec, fused, VECS)                                                                                   \
	TARGET static void name(const struct event_block *b)                                                                     \
	{                                                                                                                        \
		enum { LANES = sizeof(vec) / sizeof(float), PARTS = (VECS)*LANES / PANEL_PART };                                 \
		const int32_t *at = b->at;                                                                                       \
		const float *value = b->value, *w = b->w;                                                                        \
		vec sum[LISTS][VECS];                                                                                            \
                                                                                                                                 \
		for (int r = 0; r < LISTS; r++)                                                                                  \
			for (int v = 0; v < (VECS); v++)                                                                         \
				sum[r][v] = (vec){0};                                                                            \
		for (int e = 0; e < b->events; e++, at += LISTS, value += LISTS)                                                 \
			for (int r = 0; r < LISTS; r++)                                                                          \
				for (int v = 0; v < (VECS); v++)                                                                 \
					sum[r][v] = fused(                                                                       \
					    value[r], *(const vec *)(w + (size_t)at[r] * PARTS + (size_t)v * LANES), sum[r][v]); \
		for (int r = 0; r < LISTS; r++)                                                                                  \
			for (int v = 0; v < (VECS); v++)                                                                         \
				*(vec *)(b->y[r] + (size_t)v * LANES) += sum[r][v];                                              \
	}

#if defined(__x86_64__)
#define V4 __attribute__((target("arch=x86-64-v4,prefer-vector-width=512")))
#define V3 __attribute__((target("arch=x86-64-v3")))

V4 INLINE static vec16
fused_16(float a, vec16 b, vec16 c)
{
	return (vec16)_mm512_fmadd_ps(_mm512_set1_ps(a), (__m512)b, (__m512)c);
}

V3 INLINE static vec8
fused_8(float a, vec8 b, vec8 c)
{
	return (vec8)_mm256_fmadd_ps(_mm256_set1_ps(a), (__m256)b, (__m256)c);
}

BLOCKS(wide_1, V4, vec16, fused_16, 1)
BLOCKS(wide_2, V4, vec16, fused_16, 2)
BLOCKS(wide_3, V4, vec16, fused_16, 3)
BLOCKS_MORE(wide_1, V4, vec16, fused_16, 1)
BLOCKS_MORE(wide_2, V4, vec16, fused_16, 2)
BLOCKS_MORE(wide_3, V4, vec16, fused_16, 3)
BLOCKS(middle, V3, vec8, fused_8, 2)
EVENTS(wide_events_1, V4, vec16, fused_16, 1)
EVENTS(wide_events_2, V4, vec16, fused_16, 2)
EVENTS(wide_events_3, V4, vec16, fused_16, 3)
EVENTS(middle_events_1, V3, vec8, fused_8, 2)
EVENTS(middle_events_2, V3, vec8, fused_8, 4)
EVENTS(middle_events_3, V3, vec8, fused_8, 6)
#endif
BLOCKS(plain, , vec4, fused_4, 4)
EVENTS(plain_events_1, , vec4, fused_4, 4)
EVENTS(plain_events_2, , vec4, fused_4, 8)
EVENTS(plain_events_3, , vec4, fused_4, 12)

/* What a machine runs: blocks of up to `rows` rows and 1 to `parts` parts of a panel. */
struct machine {
	int rows, parts;
	block_run *block[3][ROWS_MAX];
	event_run *events[3];
};

static const struct machine *
this_machine(void)
{
#if defined(__x86_64__)
	static const struct machine wide = {ROWS_MAX,
					    3,
					    {{ROW_OF(wide_1), ROW_OF_MORE(wide_1)},
					     {ROW_OF(wide_2), ROW_OF_MORE(wide_2)},
					     {ROW_OF(wide_3), ROW_OF_MORE(wide_3)}},
					    {wide_events_1, wide_events_2, wide_events_3}},
				    middle = {4, 1, {{ROW_OF(middle)}}, {middle_events_1, middle_events_2, middle_events_3}};

	if (kernels_used() >= KERNELS_AVX512)
		return &wide;
	if (kernels_used() == KERNELS_AVX2)
		return &middle;
#endif
	static const struct machine plain = {4, 1, {{ROW_OF(plain)}}, {plain_events_1, plain_events_2, plain_events_3}};

	return &plain;
}

static const float zeros[PANEL];

/* Columns behind the last output are computed aside. */
static void
run_edge(block_run *run, struct block b, int rows, int columns)
{
	float y[ROWS_MAX * PANEL], start[ROWS_MAX * PANEL] = {0}, *to = b.y;
	int ldy = b.ldy;

	for (int r = 0; r < rows; r++)
		memcpy(start + r * PANEL, b.start + (size_t)r * (size_t)b.lds, (size_t)columns * sizeof(*start));
	b.start = start;
	b.lds = b.ldy = PANEL;
	b.y = y;
	run(&b);
	for (int r = 0; r < rows; r++)
		memcpy(to + (size_t)r * (size_t)ldy, y + r * PANEL, (size_t)columns * sizeof(*y));
}

/* `parts` parts of a panel from column `first`, for all rows, which are shared out evenly
 * over blocks: inputs [from, end), whose weights begin at w. */
static void
run_columns(const struct machine *m, const struct dense *d, const float *w, int ldw, int first, int parts, int from, int end)
{
	int blocks = (d->rows + m->rows - 1) / m->rows, columns = d->out - first, row = 0;
	bool fresh = from == 0 && !d->accumulate;

	for (int i = 0; i < blocks; i++) {
		int rows = d->rows / blocks + (i < d->rows % blocks);
		float *y = d->y + (size_t)row * (size_t)d->ldy + first;
		struct block b = {.x = d->x + (size_t)row * (size_t)d->ldx + from,
				  .w = w,
				  .start = !fresh    ? y
					   : d->bias ? d->bias + first
						     : zeros,
				  .y = y,
				  .in = end - from,
				  .ldx = d->ldx,
				  .ldw = ldw,
				  .lds = fresh ? 0 : d->ldy,
				  .ldy = d->ldy};

		if (columns < parts * PANEL_PART)
			run_edge(m->block[parts - 1][rows - 1], b, rows, columns);
		else
			m->block[parts - 1][rows - 1](&b);
		row += rows;
	}
}

/* Inputs [from, end) of so many outputs from `first` on, as a panel has them. */
static void
copy_part(const struct dense *d, int first, int width, int from, int end, float *to)
{
	int real = d->out - first < width ? d->out - first : width;

	for (int o = 0; o < real; o++)
		for (int i = from; i < end; i++)
			to[(i - from) * width + o] = d->weight[(size_t)(first + o) * (size_t)d->ldw + (size_t)i];
	for (int o = real; o < width; o++)
		for (int i = 0; i < end - from; i++)
			to[i * width + o] = 0;
}

/* `parts` parts from column `first` of panel p, inputs [from, end). */
static void
run_part(const struct machine *m, const struct dense *d, int p, int first, int parts, int from, int end)
{
	float copy[CHUNK * PANEL];
	int width = panel_width(d->out, p), ldw = d->layout == DENSE_COLUMNS ? d->ldw : width;
	const float *w = d->weight + (size_t)p * PANEL * (size_t)(d->layout == DENSE_COLUMNS ? 1 : d->in) +
			 (size_t)from * (size_t)ldw + (first - p * PANEL);

	if (d->layout == DENSE_ROWS) {
		ldw = parts * PANEL_PART;
		copy_part(d, first, ldw, from, end, copy);
		w = copy;
	}
	run_columns(m, d, w, ldw, first, parts, from, end);
}

static void
run_panel(const struct machine *m, const struct dense *d, int p)
{
	int width = panel_width(d->out, p), parts;

	for (int from = 0; from < d->in; from += CHUNK)
		for (int at = 0; at < width; at += parts * PANEL_PART) {
			parts = (width - at) / PANEL_PART < m->parts ? (width - at) / PANEL_PART : m->parts;
			run_part(m, d, p, p * PANEL + at, parts, from, from + CHUNK < d->in ? from + CHUNK : d->in);
		}
}

void
dense_run(const struct dense *d)
{
	const struct machine *m = this_machine();
	int panels = (d->out + PANEL - 1) / PANEL;

	if ((double)d->rows * d->in * d->out < SHARE_WORK || omp_get_max_threads() == 1) {
		for (int p = 0; p < panels; p++)
			run_panel(m, d, p);
		return;
	}
#pragma omp parallel for schedule(static)
	for (int p = 0; p < panels; p++)
		run_panel(m, d, p);
}

/* Inputs are taken in chunks whose part of a panel stays in the first cache. Rows are
 * listed LISTS at a time, side by side, and filled up with spikes of 0. */
struct spikes {
	int rows, in, chunks;
	int *first;   /* [rows / LISTS, chunks]: where the chunk's events begin, in units of LISTS */
	int *count;   /* the same: how many */
	int32_t *at;  /* [events, LISTS] */
	float *value; /* [events, LISTS] */
};

static int
chunks_of(int in)
{
	return (in + CHUNK - 1) / CHUNK;
}

struct spikes *
spikes_new(struct arena *arena, int rows, int in)
{
	struct spikes *s = arena_alloc(arena, sizeof(*s));
	size_t groups = ((size_t)rows + LISTS - 1) / LISTS, lists = groups * (size_t)chunks_of(in);

	if (!s)
		return NULL;
	s->first = arena_alloc(arena, lists * sizeof(*s->first));
	s->count = arena_alloc(arena, lists * sizeof(*s->count));
	s->at = arena_alloc(arena, groups * LISTS * ((size_t)in + 1) * sizeof(*s->at));
	s->value = arena_floats(arena, groups * LISTS * ((size_t)in + 1));
	return s->first && s->count && s->at && s->value ? s : NULL;
}

enum { WORD = 8 };

/* Which of up to CHUNK inputs are not zero, a byte each, and zeros behind. */
KERNEL static void
mark(const float *restrict x, int n, uint8_t *restrict marks)
{
	memset(marks + n / WORD * WORD, 0, WORD);
	for (int i = 0; i < n; i++)
		marks[i] = x[i] != 0;
}

/* One row's list, from eight marks at a time. */
static int
list_row(const float *x, int first, int end, int32_t *at, float *value)
{
	uint8_t marks[CHUNK + WORD];
	int n = 0;

	mark(x + first, end - first, marks);
	for (int i = 0; i < end - first; i += WORD) {
		uint64_t word = 0;

		for (int k = 0; k < WORD; k++)
			word |= (uint64_t)marks[i + k] << (8 * k);
		for (; word; word &= word - 1, n++) {
			int input = first + i + __builtin_ctzll(word) / 8;

			at[n * LISTS] = input * PANEL_PART;
			value[n * LISTS] = x[input];
		}
	}
	return n;
}

static int
list_chunk(const float *const *x, int first, int end, int32_t *at, float *value)
{
	int n[LISTS] = {0}, most = 0;

	for (int r = 0; r < LISTS; r++) {
		n[r] = x[r] ? list_row(x[r], first, end, at + r, value + r) : 0;
		most = n[r] > most ? n[r] : most;
	}
	for (int r = 0; r < LISTS; r++)
		for (int e = n[r]; e < most; e++) {
			at[e * LISTS + r] = first * PANEL_PART;
			value[e * LISTS + r] = 0;
		}
	return most;
}

void
spikes_list(struct spikes *s, const float *x, int rows, int in)
{
	int at = 0, list = 0;

	s->rows = rows;
	s->in = in;
	s->chunks = chunks_of(in);
	for (int row = 0; row < rows; row += LISTS) {
		const float *of[LISTS];

		for (int r = 0; r < LISTS; r++)
			of[r] = row + r < rows ? x + (size_t)(row + r) * (size_t)in : NULL;
		for (int c = 0; c < s->chunks; c++, list++) {
			int end = (c + 1) * CHUNK < in ? (c + 1) * CHUNK : in;

			s->first[list] = at;
			s->count[list] =
			    list_chunk(of, c * CHUNK, end, s->at + (size_t)at * LISTS, s->value + (size_t)at * LISTS);
			at += s->count[list];
		}
	}
}

static void
run_events(const struct machine *m, const struct spikes *s, const float *panels, int out, int p, float *y)
{
	int width = panel_width(out, p), columns = out - p * PANEL < width ? out - p * PANEL : width;
	float edge[LISTS][PANEL];
	struct event_block b = {.w = panels + (size_t)p * PANEL * (size_t)s->in};

	for (int c = 0; c < s->chunks; c++)
		for (int row = 0, list = c; row < s->rows; row += LISTS, list += s->chunks) {
			b.at = s->at + (size_t)s->first[list] * LISTS;
			b.value = s->value + (size_t)s->first[list] * LISTS;
			b.events = s->count[list];
			for (int r = 0; r < LISTS; r++) {
				float *to = y + (size_t)(row + r) * (size_t)out + (size_t)p * PANEL;

				b.y[r] = row + r >= s->rows || columns < width ? edge[r] : to;
				if (row + r < s->rows && columns < width)
					memcpy(edge[r], to, (size_t)columns * sizeof(*to));
			}
			m->events[width / PANEL_PART - 1](&b);
			for (int r = 0; r < LISTS && row + r < s->rows && columns < width; r++)
				memcpy(y + (size_t)(row + r) * (size_t)out + (size_t)p * PANEL, edge[r],
				       (size_t)columns * sizeof(*y));
		}
}

void
spikes_run(const struct spikes *s, const float *panels, int out, float *y)
{
	const struct machine *m = this_machine();
	int count = (out + PANEL - 1) / PANEL;

	if ((double)s->rows * s->in * out < SHARE_WORK || omp_get_max_threads() == 1) {
		for (int p = 0; p < count; p++)
			run_events(m, s, panels, out, p, y);
		return;
	}
#pragma omp parallel for schedule(static)
	for (int p = 0; p < count; p++)
		run_events(m, s, panels, out, p, y);
}
