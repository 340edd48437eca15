/* What became of every layer: a verdict for each site of a plan, so that nothing falls
 * back to analog in silence. */
#ifndef SPIKESCOPE_STUDY_AUDIT_H
#define SPIKESCOPE_STUDY_AUDIT_H

#include "snn/plan/plan.h"

enum audit_state {
	AUDIT_SPIKING,
	AUDIT_ANALOG, /* a function that no spikes compute: exact, or its UGO as an MLP */
	AUDIT_GRADED, /* an operand that goes into a product as it is */
};

struct audit_site {
	struct site site;
	const struct site_plan *plan;
	enum audit_state state;
	int thresholds, silent; /* all, and those of 0: neurons that never send */
	float threshold_lo, threshold_hi;
	char source[40];           /* of the thresholds: "mmse", "max / 32", "segment length" */
	double error_lo, error_hi; /* UGO: |g - f| at the ends of what was observed; NaN: unknown */
	bool ok;                   /* nothing to worry about */
	char verdict[120];
};

/* The sites that spike, compute a function or are an operand of a product, in forward
 * order; site [plan->sites]. Returns how many. */
int audit_plan(const struct plan *plan, struct audit_site *site);

const char *audit_state_name(enum audit_state state); /* "spiking", "analog", "graded" */

#endif
