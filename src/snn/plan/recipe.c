#include "snn/plan/recipe.h"

#include <math.h>
#include <string.h>

/* docs/methods.md#neurons and the released code: B = 2, encoders behind LayerNorm, softmax and
 * attention, thresholds per channel; q, k, v and the activation's output stay graded. */
static const struct recipe_site release_sites[] = {
    {.kind = SITE_NORM1_RSQRT, .neuron = NEURON_BURST, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 32},
    {.kind = SITE_NORM1, .neuron = NEURON_BURST, .burst = 2, .split = true, .per_channel = true},
    {.kind = SITE_EXP, .mode = FUNCTION_MODE_ANALOG, .hidden = 32},
    {.kind = SITE_RECIPROCAL, .mode = FUNCTION_MODE_ANALOG, .hidden = 64},
    {.kind = SITE_SOFTMAX, .neuron = NEURON_BURST, .burst = 2, .positive = true, .per_channel = true},
    {.kind = SITE_AV, .neuron = NEURON_BURST, .burst = 2, .split = true, .per_channel = true},
    {.kind = SITE_NORM2_RSQRT, .neuron = NEURON_BURST, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 32},
    {.kind = SITE_NORM2, .neuron = NEURON_BURST, .burst = 2, .split = true, .per_channel = true},
    {.kind = SITE_ACT, .neuron = NEURON_BURST, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 64, .per_channel = true},
    {0},
};

/* docs/spiking.md#sta-burst-and-ternary: burst 4 with rounding at every operand, segment UGOs of 24
 * units whose neurons send at most two quanta of a whole segment a step. */
static const struct recipe_site sta_sites[] = {
    {.kind = SITE_NORM1_CENTER, .neuron = NEURON_ROUND, .burst = 4, .per_channel = true},
    {.kind = SITE_NORM1_RSQRT, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_Q, .neuron = NEURON_ROUND, .burst = 4, .per_channel = true},
    {.kind = SITE_K, .neuron = NEURON_ROUND, .burst = 4, .per_channel = true},
    {.kind = SITE_V, .neuron = NEURON_ROUND, .burst = 4, .per_channel = true},
    {.kind = SITE_EXP, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_RECIPROCAL, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_SOFTMAX, .neuron = NEURON_ROUND, .burst = 4, .positive = true, .per_channel = true},
    {.kind = SITE_AV, .neuron = NEURON_ROUND, .burst = 4, .per_channel = true},
    {.kind = SITE_NORM2_CENTER, .neuron = NEURON_ROUND, .burst = 4, .per_channel = true},
    {.kind = SITE_NORM2_RSQRT, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_ACT, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_ACT_OUT, .neuron = NEURON_ROUND, .burst = 4, .per_channel = true},
    {0},
};

/* docs/spiking.md#delta: levels by site, hidden neurons with two more than refinement
 * alone would need, 24 segments. The encoders before the wide layers, whose spikes cost most,
 * refine a step later: four steps take 7% less energy and agree as often. */
static const struct recipe_site delta_sites[] = {
    {.kind = SITE_NORM1_CENTER, .neuron = NEURON_MT, .burst = 6, .per_channel = true},
    {.kind = SITE_NORM1_RSQRT, .neuron = NEURON_MT, .burst = 6, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_Q, .neuron = NEURON_MT, .burst = 6, .per_channel = true},
    {.kind = SITE_K, .neuron = NEURON_MT, .burst = 6, .per_channel = true},
    {.kind = SITE_V, .neuron = NEURON_MT, .burst = 6, .per_channel = true},
    {.kind = SITE_EXP, .neuron = NEURON_MT, .burst = 6, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_RECIPROCAL, .neuron = NEURON_MT, .burst = 6, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_SOFTMAX, .neuron = NEURON_MT, .burst = 7, .positive = true, .per_channel = true},
    {.kind = SITE_AV, .neuron = NEURON_MT, .burst = 6, .per_channel = true},
    {.kind = SITE_NORM2_CENTER, .neuron = NEURON_MT, .burst = 6, .per_channel = true},
    {.kind = SITE_NORM2_RSQRT, .neuron = NEURON_MT, .burst = 6, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_ACT, .neuron = NEURON_MT, .burst = 6, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_ACT_OUT, .neuron = NEURON_MT, .burst = 7, .per_channel = true},
    {0},
};

/* docs/spiking.md#sta-burst-and-ternary: as sta, with at most one quantum a step. */
static const struct recipe_site ternary_sites[] = {
    {.kind = SITE_NORM1_CENTER, .neuron = NEURON_ROUND, .burst = 1, .per_channel = true},
    {.kind = SITE_NORM1_RSQRT, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_Q, .neuron = NEURON_ROUND, .burst = 1, .per_channel = true},
    {.kind = SITE_K, .neuron = NEURON_ROUND, .burst = 1, .per_channel = true},
    {.kind = SITE_V, .neuron = NEURON_ROUND, .burst = 1, .per_channel = true},
    {.kind = SITE_EXP, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_RECIPROCAL, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_SOFTMAX, .neuron = NEURON_ROUND, .burst = 1, .positive = true, .per_channel = true},
    {.kind = SITE_AV, .neuron = NEURON_ROUND, .burst = 1, .per_channel = true},
    {.kind = SITE_NORM2_CENTER, .neuron = NEURON_ROUND, .burst = 1, .per_channel = true},
    {.kind = SITE_NORM2_RSQRT, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_ACT, .neuron = NEURON_ROUND, .burst = 2, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_ACT_OUT, .neuron = NEURON_ROUND, .burst = 1, .per_channel = true},
    {0},
};

/* docs/spiking.md#ecmt-and-dcgs: ECMT's neurons at every operand, the functions exact, as its
 * expectation compensation computes them. */
static const struct recipe_site ecmt_sites[] = {
    {.kind = SITE_NORM1, .neuron = NEURON_ECMT, .burst = 8, .per_channel = true},
    {.kind = SITE_Q, .neuron = NEURON_ECMT, .burst = 8, .per_channel = true},
    {.kind = SITE_K, .neuron = NEURON_ECMT, .burst = 8, .per_channel = true},
    {.kind = SITE_V, .neuron = NEURON_ECMT, .burst = 8, .per_channel = true},
    {.kind = SITE_SOFTMAX, .neuron = NEURON_ECMT, .burst = 8, .positive = true, .per_channel = true},
    {.kind = SITE_AV, .neuron = NEURON_ECMT, .burst = 8, .per_channel = true},
    {.kind = SITE_NORM2, .neuron = NEURON_ECMT, .burst = 8, .per_channel = true},
    {.kind = SITE_ACT_OUT, .neuron = NEURON_ECMT, .burst = 8, .per_channel = true},
    {0},
};

/* docs/spiking.md#ecmt-and-dcgs: differential coding at the encoders, LayerNorm folded, hidden
 * neurons with fixed levels, for those that shrink lose what they have. */
static const struct recipe_site dcgs_sites[] = {
    {.kind = SITE_NORM1_CENTER, .neuron = NEURON_DIFFERENTIAL, .burst = 8, .per_channel = true},
    {.kind = SITE_NORM1_RSQRT, .neuron = NEURON_MT, .burst = 5, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_Q, .neuron = NEURON_DIFFERENTIAL, .burst = 8, .per_channel = true},
    {.kind = SITE_K, .neuron = NEURON_DIFFERENTIAL, .burst = 8, .per_channel = true},
    {.kind = SITE_V, .neuron = NEURON_DIFFERENTIAL, .burst = 8, .per_channel = true},
    {.kind = SITE_EXP, .neuron = NEURON_MT, .burst = 5, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_RECIPROCAL, .neuron = NEURON_MT, .burst = 5, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_SOFTMAX, .neuron = NEURON_DIFFERENTIAL, .burst = 8, .positive = true, .per_channel = true},
    {.kind = SITE_AV, .neuron = NEURON_DIFFERENTIAL, .burst = 8, .per_channel = true},
    {.kind = SITE_NORM2_CENTER, .neuron = NEURON_DIFFERENTIAL, .burst = 8, .per_channel = true},
    {.kind = SITE_NORM2_RSQRT, .neuron = NEURON_MT, .burst = 5, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_ACT, .neuron = NEURON_MT, .burst = 5, .mode = FUNCTION_MODE_SPIKING, .hidden = 24},
    {.kind = SITE_ACT_OUT, .neuron = NEURON_DIFFERENTIAL, .burst = 8, .per_channel = true},
    {0},
};

static const struct recipe recipes[] = {
    {.name = "sta",
     .fold_norm = true,
     .eps = true,
     .segments = true,
     .hidden = 24,
     .exp_floor = -INFINITY,
     .rule = THRESHOLD_MMSE,
     .headroom = 1,
     .batches = 1,
     .site = sta_sites,
     .relu = {.neuron = NEURON_ROUND, .burst = 4, .positive = true, .per_channel = true}},
    {.name = "delta",
     .fold_norm = true,
     .eps = true,
     .segments = true,
     .sum_decoded = true,
     .refine = 6,
     .sites = "blocks.*.norm?.center:after=4",
     .hidden = 24,
     .exp_floor = -INFINITY,
     .rule = THRESHOLD_MAX,
     .headroom = 1,
     .batches = 1,
     .site = delta_sites,
     .relu = {.neuron = NEURON_MT, .burst = 7, .positive = true, .per_channel = true}},
    {.name = "sta-release",
     .self_correcting = true,
     .hidden = 32,
     .exp_floor = -20,
     .rule = THRESHOLD_MMSE,
     .headroom = 1,
     .batches = 5,
     .site = release_sites,
     .relu = {.neuron = NEURON_BURST, .burst = 2, .positive = true, .per_channel = true}},
    {.name = "ternary",
     .fold_norm = true,
     .eps = true,
     .segments = true,
     .hidden = 24,
     .exp_floor = -INFINITY,
     .rule = THRESHOLD_MMSE,
     .headroom = 1,
     .batches = 1,
     .site = ternary_sites,
     .relu = {.neuron = NEURON_ROUND, .burst = 1, .positive = true, .per_channel = true}},
    {.name = "ecmt",
     .eps = true,
     .segments = true,
     .hidden = 24,
     .exp_floor = -INFINITY,
     .rule = THRESHOLD_MAX,
     .headroom = 1,
     .batches = 1,
     .site = ecmt_sites,
     .relu = {.neuron = NEURON_ECMT, .burst = 8, .positive = true, .per_channel = true}},
    {.name = "dcgs",
     .fold_norm = true,
     .eps = true,
     .segments = true,
     .sum_decoded = true,
     .hidden = 24,
     .exp_floor = -INFINITY,
     .rule = THRESHOLD_MAX,
     .headroom = 1,
     .batches = 1,
     .site = dcgs_sites,
     .relu = {.neuron = NEURON_DIFFERENTIAL, .burst = 8, .positive = true, .per_channel = true}},
    /* Rueckauer et al. 2017 (https://doi.org/10.3389/fnins.2017.00682): rate coding, constant input
     * current, soft reset, thresholds that the largest activation of a layer just reaches. */
    {.name = "conventional",
     .eps = true,
     .exp_floor = -INFINITY,
     .rule = THRESHOLD_MAX,
     .headroom = 1,
     .batches = 1,
     .relu = {.neuron = NEURON_IF, .positive = true}},
};

const struct recipe_info recipe_table[] = {
    {"sta", "the default: STA's coding with rounding, segment UGOs and every operand spiking", true},
    {"delta", "four steps, no loss: sum-decoded multi-threshold neurons with refined levels", true},
    {"sta-release", "what the released code of STA does; exp and reciprocal stay analog", true},
    {"ternary", "sta with one quantum a step at most: the longest trains, the simplest neurons", true},
    {"ecmt", "multi-threshold neurons of ECMT, functions exact; for comparison", true},
    {"dcgs", "differential coding: levels that shrink as 1/t; for comparison", true},
    {"conventional", "residual networks alone: IF neurons at every ReLU, one threshold a layer; for comparison", false},
    {NULL, NULL, false},
};

_Static_assert(sizeof(recipe_table) / sizeof(*recipe_table) == sizeof(recipes) / sizeof(*recipes) + 1,
	       "a row of help for each recipe");

const struct recipe *
recipe_find(const char *name)
{
	for (size_t i = 0; i < sizeof(recipes) / sizeof(*recipes); i++)
		if (strcmp(recipes[i].name, name) == 0)
			return &recipes[i];
	return NULL;
}

const struct recipe_site *
recipe_site(const struct recipe *recipe, enum site_kind kind)
{
	if (site_rectifies(kind))
		return &recipe->relu;
	/* A gate is an operand of a product, as values are; what it gives goes into a linear layer, as attention does. */
	kind = kind == SITE_GATE ? SITE_V : kind == SITE_PRODUCT ? SITE_AV : kind;
	for (const struct recipe_site *s = recipe->site; s && (s->neuron != NEURON_NONE || s->mode != FUNCTION_MODE_NONE); s++)
		if (s->kind == kind)
			return s;
	return NULL;
}
