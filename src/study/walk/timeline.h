/* Checkpoints: how a network goes back in time with bounded memory.
 *
 * After a step its state may be kept; to go back to t the nearest kept state at or
 * before t is restored and what lies between is stepped again, which gives the same
 * bits. States are kept at t = every, 2 every, 3 every, ...; when one more would not
 * fit into the budget, `every` doubles and those in between are dropped. t = 0 costs
 * nothing. So going back takes at most `every` - 1 steps, and the memory kept never
 * exceeds the budget. Copying a state costs as much as a good part of a step, so
 * `every` is 4 at least, and from the start so large that 32 steps fit.
 *
 *	timeline_init(&line, 256 << 20);
 *	snn_step(snn); timeline_keep(&line, snn);
 *	timeline_restore(&line, snn, 5);	snn_time(snn) <= 5 now */
#ifndef SPIKESCOPE_STUDY_TIMELINE_H
#define SPIKESCOPE_STUDY_TIMELINE_H

#include "snn/snn.h"

struct checkpoint {
	int t;
	void *state;
};

struct timeline {
	size_t budget;           /* bytes */
	size_t bytes;            /* held now, states and room for more */
	int every;               /* steps between checkpoints; 0: not yet chosen */
	struct checkpoint *kept; /* [capacity]: count of them in use, ascending t; then `spares` whose state is room */
	int count, spares, capacity;
};

enum { TIMELINE_BUDGET = 256 << 20, TIMELINE_EVERY = 4, TIMELINE_STEPS = 32 };

void timeline_init(struct timeline *line, size_t budget);
void timeline_done(struct timeline *line);
void timeline_clear(struct timeline *line); /* another picture: nothing is kept but the room */

/* Keeps the network's state when it is its turn. What does not fit into memory is not
 * kept, which only makes going back slower. */
void timeline_keep(struct timeline *line, const struct snn *snn);

/* Brings the network to the latest kept state at or before t (0: the start); returns
 * its time. */
int timeline_restore(const struct timeline *line, struct snn *snn, int t);

/* Another budget; what was kept is dropped. */
void timeline_set_budget(struct timeline *line, size_t budget);

#endif
