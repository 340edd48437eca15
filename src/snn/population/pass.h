/* Inside a population of UGOs: what its files share. */
#ifndef SPIKESCOPE_SNN_POPULATION_PASS_H
#define SPIKESCOPE_SNN_POPULATION_PASS_H

#include "snn/population/population.h"

/* What some steps of the population have in common for all its tiles. */
struct pass {
	struct population *population;
	const struct neuron_loops *loops;
	size_t state_size;
	bool cut;            /* no target is negative */
	bool can_be_uniform; /* neurons may be in one state */
	bool first;          /* closed-form first steps: nothing is read of the states; of two, the first has been done
			      * already, in another permutation */
	int steps;
	struct population_step *step;
};

/* Scratch of a tile whose last elements may be missing. Aligned, or vector loads would split cache lines. */
struct tile_scratch {
	_Alignas(64) float x[POPULATION_STEPS][NEURON_TILE];
	_Alignas(64) float y[POPULATION_STEPS][NEURON_TILE];
	_Alignas(64) int32_t tally[POPULATION_STEPS][NEURON_TILE];
	struct neuron_tile_step step[POPULATION_STEPS];
};

/* Works out what the steps have in common. */
struct pass population_pass(struct population *pop, struct population_step *step, int steps);
/* The population's tile; step: the steps that it takes. */
struct neuron_tile tile_of(const struct pass *p, const struct neuron_tile_step *step, size_t tile);
/* Loads its elements: those at `at` and after in what the steps receive. */
void load_tile(const struct pass *p, struct tile_scratch *scratch, size_t at, int elements);
/* elements: how many of the tile are real; the others repeat the last. */
void run_tile(const struct pass *p, const struct neuron_tile *t, int elements);
void add_tally(const int32_t *tally, int elements, struct neuron_tally *sum);
void find_range(const float *x, float *least, float *most);
/* to[j] = x[from[j]] for n of them. */
void gather(const float *x, const uint16_t *from, int n, float *to);
char *slot_at(const struct pass *p, const struct neuron_tile *t, int slot);
/* Prefetches the states of a tile. */
void prefetch_tile(const struct pass *p, const struct neuron_tile *next);
/* The same for tiles of many states: t prefetches them unit by unit while it steps, and those that it has no
 * units for are prefetched now. */
void prefetch_interleaved(const struct pass *p, struct neuron_tile *t, const struct neuron_tile *next);

size_t population_elements(const struct population *pop);
/* Of n elements from `at`, those that a tile takes. */
int elements_left(size_t n, size_t at);
/* Are elements sorted? Few need not be; in ReLU form most targets lie within their range. */
bool population_sorts(const struct population *pop);
/* Steps of a population whose elements are. */
void run_sorted(struct population *pop, struct population_step *step, int steps);

#endif
