/* Recipes: what a plan starts from. Shared by the files of snn/ only. */
#ifndef SPIKESCOPE_SNN_RECIPE_H
#define SPIKESCOPE_SNN_RECIPE_H

#include "snn/plan/plan.h"

/* How one kind of site is converted. Kinds without a row are graded. */
struct recipe_site {
	enum site_kind kind;
	enum neuron_kind neuron;
	int burst;
	bool positive, split;
	enum function_mode mode;
	int hidden;       /* UGO size */
	bool per_channel; /* thresholds: one for each entry of the last dimension */
};

struct recipe {
	const char *name; /* as in recipe_table */
	bool fold_norm, self_correcting, eps, segments, sum_decoded;
	int refine;        /* multi-threshold levels halve so often */
	const char *sites; /* of transformers: changes of sites (plan_override()), or NULL */
	int hidden;        /* UGO size of sites without a row */
	float exp_floor;
	enum threshold_rule rule;
	float headroom;                 /* round neurons: threshold = headroom * maximum / burst under THRESHOLD_MAX */
	int batches;                    /* calibration batches, averaged with momentum 0.9 */
	const struct recipe_site *site; /* ends with neuron NEURON_NONE and mode FUNCTION_MODE_NONE; NULL: not for transformers */
	struct recipe_site relu;        /* every site that rectifies (residual networks); its kind is not read */
};

const struct recipe *recipe_find(const char *name); /* exact name, or NULL */
/* The recipe's row for this kind, or NULL. */
const struct recipe_site *recipe_site(const struct recipe *recipe, enum site_kind kind);

#endif
