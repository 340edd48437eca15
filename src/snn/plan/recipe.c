#include "snn/plan/recipe.h"

#include <math.h>
#include <string.h>

#define SPIKING FUNCTION_MODE_SPIKING
#define ANALOG  FUNCTION_MODE_ANALOG
#define BURST2  NEURON_BURST, 2

/* METHODS 3-6 and the released code: B = 2, encoders behind LayerNorm, softmax and
 * attention, thresholds per channel; q, k, v and the activation's output stay graded. */
static const struct recipe_site release_sites[] = {
    {SITE_NORM1_RSQRT, BURST2, false, false, SPIKING, 32, false},
    {SITE_NORM1, BURST2, false, true, FUNCTION_MODE_NONE, 0, true},
    {SITE_EXP, NEURON_NONE, 0, false, false, ANALOG, 32, false},
    {SITE_RECIPROCAL, NEURON_NONE, 0, false, false, ANALOG, 64, false},
    {SITE_SOFTMAX, BURST2, true, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_AV, BURST2, false, true, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2_RSQRT, BURST2, false, false, SPIKING, 32, false},
    {SITE_NORM2, BURST2, false, true, FUNCTION_MODE_NONE, 0, true},
    {SITE_ACT, BURST2, false, false, SPIKING, 64, true},
    {0},
};

/* SPIKING 3.1, column F3: burst 4 with rounding at every operand, segment UGOs of 24
 * units whose neurons send at most two quanta of a whole segment a step. */
static const struct recipe_site sta_sites[] = {
    {SITE_NORM1_CENTER, NEURON_ROUND, 4, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM1_RSQRT, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_Q, NEURON_ROUND, 4, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_K, NEURON_ROUND, 4, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_V, NEURON_ROUND, 4, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_EXP, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_RECIPROCAL, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_SOFTMAX, NEURON_ROUND, 4, true, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_AV, NEURON_ROUND, 4, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2_CENTER, NEURON_ROUND, 4, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2_RSQRT, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_ACT, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_ACT_OUT, NEURON_ROUND, 4, false, false, FUNCTION_MODE_NONE, 0, true},
    {0},
};

/* SPIKING 2, design D: levels by site, hidden neurons with two more than refinement
 * alone would need, 24 segments. The encoders before the wide layers, whose spikes cost most,
 * refine a step later: four steps take 7% less energy and agree as often. */
#define MT(levels) NEURON_MT, levels
static const struct recipe_site delta_sites[] = {
    {SITE_NORM1_CENTER, MT(6), false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM1_RSQRT, MT(6), false, false, SPIKING, 24, false},
    {SITE_Q, MT(6), false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_K, MT(6), false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_V, MT(6), false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_EXP, MT(6), false, false, SPIKING, 24, false},
    {SITE_RECIPROCAL, MT(6), false, false, SPIKING, 24, false},
    {SITE_SOFTMAX, MT(7), true, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_AV, MT(6), false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2_CENTER, MT(6), false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2_RSQRT, MT(6), false, false, SPIKING, 24, false},
    {SITE_ACT, MT(6), false, false, SPIKING, 24, false},
    {SITE_ACT_OUT, MT(7), false, false, FUNCTION_MODE_NONE, 0, true},
    {0},
};

/* SPIKING 3.1, column F5: as sta, with at most one quantum a step. */
#define TERNARY NEURON_ROUND, 1
static const struct recipe_site ternary_sites[] = {
    {SITE_NORM1_CENTER, TERNARY, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM1_RSQRT, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_Q, TERNARY, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_K, TERNARY, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_V, TERNARY, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_EXP, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_RECIPROCAL, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_SOFTMAX, TERNARY, true, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_AV, TERNARY, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2_CENTER, TERNARY, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2_RSQRT, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_ACT, NEURON_ROUND, 2, false, false, SPIKING, 24, false},
    {SITE_ACT_OUT, TERNARY, false, false, FUNCTION_MODE_NONE, 0, true},
    {0},
};

/* SPIKING 3.2 (c): ECMT's neurons at every operand, the functions exact, as its
 * expectation compensation computes them. */
#define ECMT NEURON_ECMT, 8
static const struct recipe_site ecmt_sites[] = {
    {SITE_NORM1, ECMT, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_Q, ECMT, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_K, ECMT, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_V, ECMT, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_SOFTMAX, ECMT, true, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_AV, ECMT, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2, ECMT, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_ACT_OUT, ECMT, false, false, FUNCTION_MODE_NONE, 0, true},
    {0},
};

/* SPIKING 3.2 (d''): differential coding at the encoders, LayerNorm folded, hidden
 * neurons with fixed levels, for those that shrink lose what they have. */
#define DIFF NEURON_DIFFERENTIAL, 8
static const struct recipe_site dcgs_sites[] = {
    {SITE_NORM1_CENTER, DIFF, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM1_RSQRT, MT(5), false, false, SPIKING, 24, false},
    {SITE_Q, DIFF, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_K, DIFF, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_V, DIFF, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_EXP, MT(5), false, false, SPIKING, 24, false},
    {SITE_RECIPROCAL, MT(5), false, false, SPIKING, 24, false},
    {SITE_SOFTMAX, DIFF, true, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_AV, DIFF, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2_CENTER, DIFF, false, false, FUNCTION_MODE_NONE, 0, true},
    {SITE_NORM2_RSQRT, MT(5), false, false, SPIKING, 24, false},
    {SITE_ACT, MT(5), false, false, SPIKING, 24, false},
    {SITE_ACT_OUT, DIFF, false, false, FUNCTION_MODE_NONE, 0, true},
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
     .relu = {SITE_RELU1, NEURON_ROUND, 4, true, false, FUNCTION_MODE_NONE, 0, true}},
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
     .relu = {SITE_RELU1, MT(7), true, false, FUNCTION_MODE_NONE, 0, true}},
    {.name = "sta-release",
     .self_correcting = true,
     .hidden = 32,
     .exp_floor = -20,
     .rule = THRESHOLD_MMSE,
     .headroom = 1,
     .batches = 5,
     .site = release_sites,
     .relu = {SITE_RELU1, BURST2, true, false, FUNCTION_MODE_NONE, 0, true}},
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
     .relu = {SITE_RELU1, TERNARY, true, false, FUNCTION_MODE_NONE, 0, true}},
    {.name = "ecmt",
     .eps = true,
     .segments = true,
     .hidden = 24,
     .exp_floor = -INFINITY,
     .rule = THRESHOLD_MAX,
     .headroom = 1,
     .batches = 1,
     .site = ecmt_sites,
     .relu = {SITE_RELU1, ECMT, true, false, FUNCTION_MODE_NONE, 0, true}},
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
     .relu = {SITE_RELU1, DIFF, true, false, FUNCTION_MODE_NONE, 0, true}},
    /* Rueckauer et al. 2017 (https://doi.org/10.3389/fnins.2017.00682): rate coding, constant input
     * current, soft reset, thresholds that the largest activation of a layer just reaches. */
    {.name = "conventional",
     .eps = true,
     .exp_floor = -INFINITY,
     .rule = THRESHOLD_MAX,
     .headroom = 1,
     .batches = 1,
     .relu = {SITE_RELU1, NEURON_IF, 0, true, false, FUNCTION_MODE_NONE, 0, false}},
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
	for (const struct recipe_site *s = recipe->site; s && (s->neuron != NEURON_NONE || s->mode != FUNCTION_MODE_NONE); s++)
		if (s->kind == kind)
			return s;
	return NULL;
}
