/* Long work tells how far it is, and can be stopped.
 *
 * Functions that may take over a second take a `const struct progress *`
 * (NULL: silent, never stopped) and call progress_report() at least every
 * few hundred milliseconds, from one thread only. When it returns false they
 * stop, keep what is complete and fail with STATUS_CANCELLED. */
#ifndef SPIKESCOPE_BASE_PROGRESS_H
#define SPIKESCOPE_BASE_PROGRESS_H

#include <stdbool.h>

struct progress {
	/* what: a short word for the work ("calibrate"); done of total units.
	 * Returns false to stop the work. */
	bool (*report)(void *ctx, const char *what, double done, double total);
	void *ctx;
};

static inline bool
progress_report(const struct progress *p, const char *what, double done, double total)
{
	return !p || !p->report || p->report(p->ctx, what, done, total);
}

#endif
