/* Giving a site of a plan another UGO. */
#ifndef SPIKESCOPE_STUDY_ASSIGN_H
#define SPIKESCOPE_STUDY_ASSIGN_H

#include "snn/plan/plan.h"

/* ASSIGN_SAME: the form that the site's UGO has now (segments where it has none). */
enum assign_form { ASSIGN_SAME, ASSIGN_RELU, ASSIGN_SEGMENTS };

/* Puts ugo into the site of a plan that is not finished (plan_copy()), in this form. The hidden
 * neurons keep their kind and settings; their thresholds follow from the UGO's range: of a
 * segment its length, of a ReLU unit the largest input on [lo, hi]. A site that computed its
 * function exactly computes the UGO instead. STATUS_USAGE: the site has no function, or the
 * UGO is known to be of another one (unless any is true). */
bool assign_ugo(struct plan *plan, struct site site, const struct ugo *ugo, enum assign_form form, bool any, struct status *st);

/* Overrides levels, scales and spikes a step (plan_override()) of a plan that is not finished (plan_copy()):
 * thresholds follow as calibration would have them, to rounding, without pictures. False
 * where it takes pictures: STATUS_USAGE for other keys, and for levels under the rule mmse. */
bool assign_levels(struct plan *plan, const char *sites, struct status *st);

#endif
