/* Inside a population of UGOs: what its files (group.c, group_tile.c, group_sorted.c) share. */
#ifndef SPIKESCOPE_SNN_GROUP_PASS_H
#define SPIKESCOPE_SNN_GROUP_PASS_H

#include "snn/population/group.h"

/* What some steps of the group have in common for all its tiles. */
struct pass {
	struct group *group;
	const struct neuron_loops *loops;
	size_t state_size;
	bool cut;    /* no target is negative */
	bool shares; /* neurons may be in one state */
	bool first;  /* they are the first of all: nothing is read of the states, and of two steps the
			one before has been done already, in another order */
	int steps;
	struct group_step *step;
};

/* Where a tile works: its last elements may be missing. Vectors must not cross lines of the
 * cache. */
struct bench {
	_Alignas(64) float x[GROUP_STEPS][NEURON_TILE];
	_Alignas(64) float y[GROUP_STEPS][NEURON_TILE];
	_Alignas(64) int32_t tally[GROUP_STEPS][NEURON_TILE];
	struct neuron_tile_step step[GROUP_STEPS];
};

/* Works out what the steps have in common. */
struct pass group_pass(struct group *g, struct group_step *step, int steps);
/* The group's tile; step: what it will work with. */
struct neuron_tile tile_of(const struct pass *p, const struct neuron_tile_step *step, size_t tile);
/* Its elements: those at `at` and after in what the steps receive. */
void lay_out(const struct pass *p, struct bench *bench, size_t at, int elements);
/* elements: how many of the tile are real; the others repeat the last. */
void run_tile(const struct pass *p, const struct neuron_tile *t, int elements);
void add_tally(const int32_t *tally, int elements, struct neuron_tally *sum);
void find_range(const float *x, float *least, float *most);
/* to [n] = x by index. */
void gather(const float *x, const uint16_t *from, int n, float *to);
char *slot_at(const struct pass *p, const struct neuron_tile *t, int slot);
/* States that will be read in a moment are far away. */
void fetch_ahead(const struct pass *p, const struct neuron_tile *next);
/* The same for tiles of many states: t fetches them while it steps, but for those that it has no
 * units for, which are fetched now. */
void fetch_in_turn(const struct pass *p, struct neuron_tile *t, const struct neuron_tile *next);

size_t group_elements(const struct group *g);
/* Of n elements from `at`, those that a tile takes. */
int elements_left(size_t n, size_t at);
/* Does the group sort its elements? Few need no order; in ReLU form most targets lie within their
 * range. */
bool group_sorts(const struct group *g);
/* Steps of a group that does. */
void run_sorted(struct group *g, struct group_step *step, int steps);

#endif
