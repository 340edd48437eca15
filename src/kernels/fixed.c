#include "kernels/fixed.h"

#include "base/arena.h"
#include "kernels/cpu.h"
#include "kernels/fixed_job.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Work below which waking other threads costs more than it saves (multiply-adds). */
#define SHARE_WORK 6e7

/* Where fewer than this share of a row's inputs have sent, spike by spike is faster than bytes; of all rows where
 * there is a unit for matrices. */
#define SPARSE_ROW 0.42
#define SPARSE_ALL 0.08

/* Weights smaller than this are none: no product can vanish by being small, so that none has a sign that depends
 * on whether it was taken. */
#define LEAST_SCALE 0x1p-100

struct fixed_room {
	struct fixed_part *part;
	uint32_t *spike;
	int *dense, *listed;
};

static size_t
weights_size(int in, int out)
{
	return (size_t)fixed_parts(out, FIXED_COLUMNS) * FIXED_COLUMNS * (size_t)in;
}

static size_t
digits_size(int in, int out)
{
	return (size_t)fixed_parts(in, FIXED_BYTES) * (size_t)fixed_parts(out, FIXED_COLUMNS) * FIXED_DIGITS * FIXED_TILE;
}

/* The digits of input i of output o. */
static void
put_digits(const struct fixed *f, int o, int i, int32_t q)
{
	int from = i / FIXED_CHUNK * FIXED_CHUNK, steps = fixed_steps(f, from), in = i - from;
	uint8_t *to = f->digits + fixed_digits_at(f, from, o / FIXED_COLUMNS) + (size_t)(in / FIXED_BYTES) * FIXED_TILE +
		      (size_t)(in % FIXED_BYTES / 4 * FIXED_BYTES + o % FIXED_COLUMNS * 4 + in % 4);

	for (int d = 0; d < FIXED_DIGITS; d++)
		to[(size_t)(d * steps) * FIXED_TILE] = (uint8_t)((uint32_t)q >> (8 * (FIXED_DIGITS - 1 - d)));
}

static void
fill_output(const struct fixed *f, const float *w, const float *quantum, int o)
{
	int panel = o / FIXED_PANEL;
	size_t width = (size_t)fixed_panel_width(f, panel);
	int32_t *to = f->weight + (size_t)panel * FIXED_PANEL * (size_t)f->in + o % FIXED_PANEL;
	double largest = 0, unit;

	for (int i = 0; i < f->in; i++)
		largest = fmax(largest, fabs((double)w[i] * (double)quantum[i]));
	f->scale[o] = largest / FIXED_MOST >= LEAST_SCALE ? (float)(largest / FIXED_MOST) : 0;
	unit = f->scale[o] > 0 ? 1 / (double)f->scale[o] : 0;
	for (int i = 0; i < f->in; i++, to += width) {
		*to = (int32_t)fmax(fmin(rint((double)w[i] * (double)quantum[i] * unit), FIXED_MOST), -FIXED_MOST);
		if (f->digits)
			put_digits(f, o, i, *to);
	}
}

struct fixed *
fixed_new(struct arena *arena, int in, int out)
{
	struct fixed *f = arena_alloc(arena, sizeof(*f));
	bool bytes = kernels_used() >= KERNELS_VNNI;

	if (!f)
		return NULL;
	*f = (struct fixed){.in = in,
			    .out = out,
			    .weight = arena_alloc(arena, weights_size(in, out) * sizeof(*f->weight)),
			    .digits = bytes ? arena_alloc(arena, digits_size(in, out)) : NULL,
			    .scale = arena_floats(arena, (size_t)out)};
	return f->weight && f->scale && (f->digits || !bytes) ? f : NULL;
}

void
fixed_fill(struct fixed *f, const float *w, const float *quantum)
{
#pragma omp parallel for schedule(static)
	for (int block = 0; block < fixed_parts(f->out, FIXED_COLUMNS); block++)
		for (int o = block * FIXED_COLUMNS; o < f->out && o < (block + 1) * FIXED_COLUMNS; o++)
			fill_output(f, w + (size_t)o * (size_t)f->in, quantum, o);
}

size_t
fixed_row(int in)
{
	return (size_t)fixed_parts(in, FIXED_BYTES) * FIXED_BYTES;
}

/* Tiles may read rows up to the next multiple of 16. */
size_t
fixed_counts_size(int rows, int in)
{
	return (size_t)(fixed_parts(rows, 16) * 16) * fixed_row(in);
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

struct fixed_room *
fixed_room_new(struct arena *arena, int rows, int in)
{
	struct fixed_room *room = arena_alloc(arena, sizeof(*room));
	size_t parts = (size_t)rows * (size_t)fixed_parts(in, FIXED_CHUNK);

	if (!room)
		return NULL;
	*room = (struct fixed_room){.part = arena_alloc(arena, parts * sizeof(*room->part)),
				    .spike = arena_alloc(arena, (size_t)rows * fixed_row(in) * sizeof(*room->spike)),
				    .dense = arena_alloc(arena, (size_t)rows * sizeof(*room->dense)),
				    .listed = arena_alloc(arena, (size_t)rows * sizeof(*room->listed))};
	return room->part && room->spike && room->dense && room->listed ? room : NULL;
}

KERNEL static struct fixed_part
measure(const int8_t *restrict counts, int n)
{
	int senders = 0, quanta = 0, sum = 0, most = 0;

	for (int i = 0; i < n; i++) {
		int count = counts[i], size = count < 0 ? -count : count;

		senders += count != 0;
		quanta += size;
		sum += count;
		most = size > most ? size : most;
	}
	return (struct fixed_part){senders, quanta, sum, most, 0};
}

/* Bytes that are not 0 have their highest bit in the result, no others. */
static inline uint64_t
mark_bytes(uint64_t word)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7f;

	return (((word & low) + low) | word) & ~low;
}

/* The inputs of n that have sent, from a row that is filled up with zeros. */
static int
list_part(const int8_t *counts, int n, uint32_t *spike)
{
	int count = 0;

	for (int i = 0; i < n; i += 8) {
		uint64_t word;

		memcpy(&word, counts + i, sizeof(word));
		for (uint64_t marks = mark_bytes(word); marks; marks &= marks - 1) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
			int at = i + __builtin_ctzll(marks) / 8;
#else
			int at = i + 7 - __builtin_ctzll(marks) / 8;
#endif

			spike[count++] = (uint32_t)counts[at] << FIXED_INPUT_BITS | (uint32_t)at;
		}
	}
	return count;
}

/* Returns how many inputs of how the job's rows have sent, in all. */
static size_t
measure_rows(struct fixed_job *job, struct fixed_part *part)
{
	size_t stride = fixed_row(job->f->in), senders = 0;

	for (int row = 0; row < job->rows; row++)
		for (int c = 0; c < job->chunks; c++, part++) {
			*part = measure(job->counts + (size_t)row * stride + (size_t)c * FIXED_CHUNK,
					fixed_inputs(job->f, c * FIXED_CHUNK));
			senders += (size_t)part->senders;
		}
	return senders;
}

static int
senders_of(const struct fixed_job *job, int row)
{
	int senders = 0;

	for (int c = 0; c < job->chunks; c++)
		senders += job->part[row * job->chunks + c].senders;
	return senders;
}

/* Rows that have sent nothing are of neither kind. */
static void
sort_rows(struct fixed_job *job, struct fixed_room *room, int limit)
{
	for (int row = 0; row < job->rows; row++) {
		int senders = senders_of(job, row);

		if (senders >= limit)
			room->dense[job->dense_rows++] = row;
		else if (senders > 0)
			room->listed[job->listed_rows++] = row;
	}
}

static void
list_rows(const struct fixed_job *job, struct fixed_room *room)
{
	int at = 0;

	for (int i = 0; i < job->listed_rows; i++)
		for (int c = 0; c < job->chunks; c++) {
			int row = job->listed[i], from = c * FIXED_CHUNK;

			room->part[row * job->chunks + c].first = at;
			at += list_part(job->counts + (size_t)row * fixed_row(job->f->in) + from, fixed_inputs(job->f, from),
					room->spike + at);
		}
}

/* A row with so many senders is taken as a whole. */
static int
dense_from(enum fixed_choice choice, const struct fixed_job *job, size_t senders)
{
	enum kernels way = kernels_used();
	size_t all = (size_t)job->rows * (size_t)job->f->in;

	if (choice == FIXED_EVENTS || !job->f->digits)
		return job->f->in + 1;
	if (choice == FIXED_DENSE)
		return 1;
	if (way == KERNELS_AMX)
		return (double)senders >= SPARSE_ALL * (double)all ? 0 : job->f->in + 1;
	return (int)(SPARSE_ROW * job->f->in) + 1;
}

static void
run_panels(const struct fixed_job *job, int begin, int end)
{
	if (job->listed_rows > 0)
		fixed_run_events(job, begin, end);
	if (job->dense_rows > 0)
		(kernels_used() == KERNELS_AMX ? fixed_run_amx : fixed_run_vnni)(job, begin, end);
}

static double
work_of(const struct fixed_job *job, size_t senders)
{
	double dense = (double)job->dense_rows * job->f->in;

	return (job->listed_rows > 0 ? (double)senders : dense) * job->f->out;
}

void
fixed_add_as(enum fixed_choice choice, const struct fixed *f, const int8_t *counts, int rows, float grain,
	     struct fixed_room *room, float *y)
{
	struct fixed_job job = {.f = f,
				.counts = counts,
				.rows = rows,
				.chunks = fixed_parts(f->in, FIXED_CHUNK),
				.grain = grain,
				.y = y,
				.part = room->part,
				.spike = room->spike,
				.dense = room->dense,
				.listed = room->listed};
	size_t senders = measure_rows(&job, room->part);
	int panels = fixed_parts(f->out, FIXED_PANEL);

	sort_rows(&job, room, dense_from(choice, &job, senders));
	list_rows(&job, room);
	if (work_of(&job, senders) < SHARE_WORK || omp_get_max_threads() == 1) {
		run_panels(&job, 0, panels);
		return;
	}
#pragma omp parallel
	run_panels(&job, panels * omp_get_thread_num() / omp_get_num_threads(),
		   panels * (omp_get_thread_num() + 1) / omp_get_num_threads());
}

void
fixed_add(const struct fixed *f, const int8_t *counts, int rows, float grain, struct fixed_room *room, float *y)
{
	fixed_add_as(FIXED_BY_DENSITY, f, counts, rows, grain, room, y);
}
