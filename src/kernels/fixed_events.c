/* Spike by spike: to a row's sums are added the weights that its spikes meet. */
#include "kernels/cpu.h"
#include "kernels/fixed_job.h"

/* A list of spikes, what they meet, and where it goes: columns of y. */
struct list {
	const uint32_t *spike;
	int count, run; /* so many spikes at a time fit in 32 bits */
	const int32_t *weight;
	const float *scale;
	float grain;
	float *y;
	int columns;
};

INLINE static void
finish_narrow(const struct list *l, const int32_t *sum)
{
#pragma omp simd
	for (int c = 0; c < l->columns; c++)
		l->y[c] = __builtin_fmaf((float)sum[c], l->scale[c] * l->grain, l->y[c]);
}

/* Sums that are 256 high + low. */
INLINE static void
finish_wide(const struct list *l, const int32_t *high, const int32_t *low)
{
#pragma omp simd
	for (int c = 0; c < l->columns; c++) {
		double sum = (double)high[c] * 256 + (double)low[c];

		l->y[c] = __builtin_fmaf((float)sum, l->scale[c] * l->grain, l->y[c]);
	}
}

/* Counts times weights of `width` outputs. */
typedef void add_spikes(const uint32_t *spike, int count, const int32_t *weight, int32_t *sum);

INLINE static void
run_list(const struct list *l, add_spikes *add, int width)
{
	int32_t sum[FIXED_PANEL], high[FIXED_PANEL] = {0}, low[FIXED_PANEL] = {0};

	if (l->count <= l->run) {
		add(l->spike, l->count, l->weight, sum);
		finish_narrow(l, sum);
		return;
	}
	for (int at = 0; at < l->count; at += l->run) {
		add(l->spike + at, l->count - at < l->run ? l->count - at : l->run, l->weight, sum);
		for (int c = 0; c < width; c++) {
			high[c] += sum[c] >> 8;
			low[c] += sum[c] & 255;
		}
	}
	finish_wide(l, high, low);
}

typedef void run_one(const struct list *l);

/* VECS vectors of sums in registers. */
#define LIST(name, TARGET, vec, VECS)                                                                                            \
	TARGET INLINE static void name##_add(const uint32_t *spike, int count, const int32_t *weight, int32_t *to)               \
	{                                                                                                                        \
		enum { LANES = sizeof(vec) / sizeof(int32_t) };                                                                  \
		vec sum[VECS];                                                                                                   \
                                                                                                                                 \
		for (int v = 0; v < (VECS); v++)                                                                                 \
			sum[v] = (vec){0};                                                                                       \
		for (int e = 0; e < count; e++) {                                                                                \
			size_t input = spike[e] & ((1u << FIXED_INPUT_BITS) - 1);                                                \
			const int32_t *w = weight + input * (size_t)((VECS)*LANES);                                              \
			int32_t k = (int32_t)spike[e] >> FIXED_INPUT_BITS;                                                       \
                                                                                                                                 \
			for (int v = 0; v < (VECS); v++)                                                                         \
				sum[v] += k * *(const vec *)(w + (size_t)v * LANES);                                             \
		}                                                                                                                \
		for (int v = 0; v < (VECS); v++)                                                                                 \
			*(vec *)(to + (size_t)v * LANES) = sum[v];                                                               \
	}                                                                                                                        \
	TARGET static void name(const struct list *l)                                                                            \
	{                                                                                                                        \
		run_list(l, name##_add, (VECS) * (int)(sizeof(vec) / sizeof(int32_t)));                                          \
	}
#define LISTS(name, TARGET, vec, VECS)                                                                                           \
	LIST(name##_16, TARGET, vec, VECS)                                                                                       \
	LIST(name##_32, TARGET, vec, 2 * (VECS))                                                                                 \
	LIST(name##_48, TARGET, vec, 3 * (VECS))                                                                                 \
	LIST(name##_64, TARGET, vec, 4 * (VECS))
#define OF(name)                                                                                                                 \
	{                                                                                                                        \
		name##_16, name##_32, name##_48, name##_64                                                                       \
	}

/* Sums wrap, and so end right. */
typedef int32_t vec16 __attribute__((vector_size(64), aligned(4)));
typedef int32_t vec8 __attribute__((vector_size(32), aligned(4)));
typedef int32_t vec4 __attribute__((vector_size(16), aligned(4)));

LISTS(plain, , vec4, 4)
#if defined(__x86_64__)
LISTS(middle, __attribute__((target("arch=x86-64-v3"))), vec8, 2)
LISTS(wide, __attribute__((target("arch=x86-64-v4,prefer-vector-width=512"))), vec16, 1)
#endif

static run_one *
of_width(int width)
{
#if defined(__x86_64__)
	static run_one *const of[KERNELS_WAYS][FIXED_PANEL / FIXED_COLUMNS] = {[KERNELS_PLAIN] = OF(plain),
									       [KERNELS_AVX2] = OF(middle),
									       [KERNELS_AVX512] = OF(wide),
									       [KERNELS_VNNI] = OF(wide),
									       [KERNELS_AMX] = OF(wide)};

	return of[kernels_used()][width / FIXED_COLUMNS - 1];
#else
	static run_one *const of[] = OF(plain);

	return of[width / FIXED_COLUMNS - 1];
#endif
}

/* The lists of one chunk. */
static void
run_chunk(const struct fixed_job *job, int chunk, int panel)
{
	const struct fixed *f = job->f;
	int width = fixed_panel_width(f, panel), first = panel * FIXED_PANEL;
	run_one *run = of_width(width);
	struct list l = {.weight = f->weight + (size_t)first * (size_t)f->in + (size_t)(chunk * FIXED_CHUNK) * (size_t)width,
			 .scale = f->scale + first,
			 .grain = job->grain,
			 .columns = f->out - first < width ? f->out - first : width};

	for (int i = 0; i < job->listed_rows; i++) {
		const struct fixed_part *part = &job->part[job->listed[i] * job->chunks + chunk];

		if (part->senders == 0)
			continue;
		l.spike = job->spike + part->first;
		l.count = part->senders;
		l.run = part->quanta <= FIXED_NARROW ? part->senders : FIXED_NARROW / part->most;
		l.y = job->y + (size_t)job->listed[i] * (size_t)f->out + first;
		run(&l);
	}
}

void
fixed_run_events(const struct fixed_job *job, int begin, int end)
{
	for (int panel = begin; panel < end; panel++)
		for (int chunk = 0; chunk < job->chunks; chunk++)
			run_chunk(job, chunk, panel);
}
