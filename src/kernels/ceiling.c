#include "kernels/ceiling.h"

#include "base/arena.h"
#include "base/timing.h"
#include "kernels/dense.h"
#include "kernels/fixed.h"
#include "kernels/panels.h"

#include <omp.h>
#include <string.h>

enum { ROWS = 64, IN = 192, OUT = 768, COPIED = 32 << 20, ROUNDS = 20 };

struct workbench {
	float *x, *weight, *panels, *quantum, *y;
	int8_t *counts;
	struct fixed *fixed;
	struct fixed_room *room;
	char *from, *to;
};

static bool
workbench_init(struct workbench *w, struct arena *arena)
{
	*w = (struct workbench){.x = arena_floats(arena, ROWS * IN),
				.weight = arena_floats(arena, IN * OUT),
				.panels = arena_floats(arena, panels_size(IN, OUT)),
				.quantum = arena_floats(arena, IN),
				.y = arena_floats(arena, ROWS * OUT),
				.counts = arena_alloc(arena, fixed_counts_size(ROWS, IN)),
				.fixed = fixed_new(arena, IN, OUT),
				.room = fixed_room_new(arena, ROWS, IN),
				.from = arena_alloc(arena, COPIED),
				.to = arena_alloc(arena, COPIED)};
	if (!w->x || !w->weight || !w->panels || !w->quantum || !w->y || !w->counts || !w->fixed || !w->room || !w->from ||
	    !w->to)
		return false;
	for (int i = 0; i < IN; i++)
		w->quantum[i] = 1;
	for (int i = 0; i < IN * OUT; i++)
		w->weight[i] = (float)(i % 97) - 48;
	for (size_t i = 0; i < fixed_counts_size(ROWS, IN); i++)
		w->counts[i] = 1;
	fixed_fill(w->fixed, w->weight, w->quantum);
	memset(w->from, 1, COPIED);
	return true;
}

static void
multiply_floats(const struct workbench *w)
{
	dense_run(&(struct dense){
	    .rows = ROWS, .in = IN, .out = OUT, .x = w->x, .ldx = IN, .weight = w->panels, .y = w->y, .ldy = OUT});
}

static void
multiply_spikes(const struct workbench *w)
{
	fixed_add(w->fixed, w->counts, ROWS, 1, w->room, w->y);
}

static void
copy(const struct workbench *w)
{
	memcpy(w->to, w->from, COPIED);
}

/* The shortest of some rounds, in seconds. */
static double
least(void (*work)(const struct workbench *), const struct workbench *w)
{
	double best = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double start = timing_now(), seconds;

		work(w);
		seconds = timing_now() - start;
		best = seconds < best ? seconds : best;
	}
	return best;
}

bool
ceiling_measure(struct ceiling *ceiling, struct status *st)
{
	const double products = (double)ROWS * IN * OUT;
	struct arena *arena = arena_new();
	struct workbench w;
	int threads = omp_get_max_threads();

	if (!arena || !workbench_init(&w, arena)) {
		arena_free(arena);
		return status_nomem(st, "measuring what the machine can do");
	}
	omp_set_num_threads(1);
	*ceiling = (struct ceiling){.floats = products / least(multiply_floats, &w),
				    .spikes = products / least(multiply_spikes, &w),
				    .bytes = 2.0 * COPIED / least(copy, &w)};
	omp_set_num_threads(threads);
	arena_free(arena);
	return true;
}
