/* Plans: everything that defines a conversion.
 *
 * A plan gives every site of a model its neuron, threshold and UGO, and says how
 * trains carry values. It is built from a recipe and calibration pictures, is
 * immutable afterwards, and prints as canonical JSON whose hash names it.
 *
 *   sta-release  what the released code of STA does (docs/methods.md#neurons): mean-decoded,
 *                signed burst neurons (B = 2, floor), encoders behind LayerNorm,
 *                softmax and attention, graded q, k, v and fc2 input, MMSE
 *                thresholds for T, exp and reciprocal as analog MLPs
 *   sta          the default: the same coding and neuron family, everything
 *                spiking, burst B = 4 with rounding, encoders on the centred
 *                LayerNorm input (gamma and 1/sigma folded), q, k, v, softmax,
 *                attention and activation, UGOs in segment form fitted to the
 *                observed ranges
 *
 * In a residual network the same neurons stand at every ReLU. `conventional` is for it
 * alone: IF neurons with soft reset, one threshold a layer, rate coding of a constant input.
 */
#ifndef SPIKESCOPE_SNN_PLAN_H
#define SPIKESCOPE_SNN_PLAN_H

#include "base/progress.h"
#include "base/status.h"
#include "model/model.h"
#include "model/site.h"
#include "snn/neurons/neuron.h"
#include "ugo/ugo.h"

#include <stdint.h>

enum { PLAN_T_MAX = 1024 };

enum function_mode {
	FUNCTION_MODE_NONE,   /* the site has no nonlinearity */
	FUNCTION_MODE_EXACT,  /* the function itself, analog */
	FUNCTION_MODE_ANALOG, /* its UGO as an analog MLP */
	FUNCTION_MODE_SPIKING /* its UGO with spiking hidden neurons */
};

enum threshold_rule { THRESHOLD_MAX, THRESHOLD_PERCENTILE, THRESHOLD_MMSE };

struct site_plan {
	struct site site;
	enum neuron_kind neuron; /* of the encoder, or of the UGO's hidden neurons */
	struct neuron_settings settings;
	bool positive;    /* the site's values are never negative (softmax) */
	bool split;       /* two neurons a channel, one for each sign (released x2x) */
	bool channelwise; /* thresholds are found for each channel */
	float scale;      /* what thresholds are multiplied with once they are found; 1 */
	int hidden;       /* size of the UGO to fit */

	/* Thresholds: for encoders one per channel (and sign); for UGOs one per hidden
	 * neuron, or per channel and hidden neuron. NULL when the site does not spike. */
	enum threshold_rule rule;
	int channels;     /* how many channels have their own; 1: all share */
	int per_channel;  /* thresholds per channel: 1, 2 (split) or hidden */
	float *threshold; /* [channels, per_channel] */

	enum function_mode mode;
	struct ugo *ugo; /* owned; NULL unless mode is ANALOG or SPIKING */

	/* What calibration saw: the input of the function for UGO sites, else the value. */
	float observed_lo, observed_hi;
};

struct receiver;
struct arena;

struct plan {
	const struct model *model; /* not owned; must outlive the plan */
	char recipe[24];
	int T;                /* steps the thresholds were calibrated for */
	bool mean_decoded;    /* value = sum sent / t, input at every step; else value = sum sent, input once */
	bool fold_norm;       /* encode the centred input and fold gamma; else encode the normalised output */
	bool eps;             /* LayerNorm adds eps to the variance */
	bool self_correcting; /* the softmax encoder receives t softmax minus what it has sent, each step (released code) */
	float exp_floor;      /* exp is 0 at and below this shifted score */
	uint64_t seed;
	int calibration_pictures;
	char calibration_hash[HASH_HEX];
	int sites;
	struct site_plan *site;     /* [sites] by site_index */
	struct receiver *receivers; /* [sites] weights as spikes meet them, once finished; private */
	char hash[HASH_HEX];        /* of the JSON and of thresholds and UGO weights */
	struct arena *arena;        /* owns sites, thresholds and receivers */
};

struct plan_options {
	const char *recipe; /* NULL: "sta" */
	int T;              /* 1..1024; 0: 32 */
	int rule;           /* enum threshold_rule, or -1: the recipe's */
	double percentile;  /* for THRESHOLD_PERCENTILE: 0..100 */
	int repeat;         /* delta: spikes a step, 1..3; 0: 1 */
	bool coarse;        /* delta: keep the levels as they are, without refinement */
	int hidden;         /* UGO size for all functions; 0: the recipe's */
	const char *sites;  /* overrides (plan_override()), or NULL */
	uint64_t seed;
	const char *ugo_file;      /* sta-release: released weights to import (gelu, exp, inv, rsqrt); NULL: refit */
	const float *pixels;       /* [pictures, channels, size, size] calibration pictures */
	int pictures;              /* at least 1 */
	const char *pictures_hash; /* names them in the plan; may be NULL */
};

/* The recipes, for completion and help; ends with a NULL name. */
struct recipe_info {
	const char *name, *help;
	bool transformers; /* else for residual networks alone */
};
extern const struct recipe_info recipe_table[];

/* A plan without thresholds and UGOs: every site as the recipe has it, to be filled
 * by plan_set_threshold() and plan_set_ugo() and closed by plan_finish(). This is how
 * a plan is made from thresholds that come from elsewhere; plan_build() does it all. */
struct plan *plan_new(const struct model *model, const char *recipe, int T, struct status *st);
/* Thresholds of a site, copied: [channels, per_channel]; channels is 1 or the site's last dimension. */
bool plan_set_threshold(struct plan *plan, struct site site, const float *threshold, int channels, int per_channel,
			struct status *st);
bool plan_set_ugo(struct plan *plan, struct site site, const struct ugo *ugo, struct status *st); /* copied */
/* Changes sites before their thresholds are found. text: entries separated by blanks or
 * semicolons, later ones win; each is GLOB:KEY=VALUE[,KEY=VALUE...] with the keys
 *   neuron=NAME     the encoder's, or the UGO's hidden neurons' (graded: none); its
 *                   other settings fall back to that neuron's own
 *   SETTING=X       of the neuron, as its type has it (neuron.h): burst or levels, repeat,
 *                   refine, after, initial, tau ...
 *   rule=NAME       max, percentile or mmse
 *   scale=X         thresholds are multiplied with it, 0.01..100
 *   channels=NAME   each: a threshold for every channel; shared: one for all (encoders)
 *   function=NAME   exact, analog or spiking (sites with a function)
 *   hidden=N        size of the UGO, 1..1024
 * STATUS_USAGE, with the entry, for what does not parse, matches no site or has no
 * meaning there. */
bool plan_override(struct plan *plan, const char *text, struct status *st);
/* Checks that every spiking site has what it needs, lays out the weights and computes the hash. */
bool plan_finish(struct plan *plan, struct status *st);

/* A plan like this one, to be changed and finished. */
struct plan *plan_copy(const struct plan *plan, struct status *st);

/* The whole plan as bytes (little-endian), to be kept; the caller frees. */
void *plan_pack(const struct plan *plan, size_t *size, struct status *st);
/* The plan from such bytes, for the same model. hash: its own, which must come out
 * again, or NULL. STATUS_DATA for bytes that are damaged or of another model. */
struct plan *plan_unpack(const struct model *model, const void *bytes, size_t size, const char *hash, struct status *st);

/* Calibrates and builds. STATUS_USAGE: unknown recipe, T out of range. */
struct plan *plan_build(const struct model *model, const struct plan_options *options, const struct progress *progress,
			struct status *st);
void plan_free(struct plan *plan);

/* Canonical JSON (sorted keys, no thresholds but their hash); the caller frees. */
char *plan_json(const struct plan *plan);

/* The function that stands at a UGO site of this model. */
enum function plan_function(const struct model *model, enum site_kind kind);

/* Gives the site this neuron, with its default settings, and one neuron a channel. */
void plan_site_neuron(struct site_plan *site, enum neuron_kind kind);

/* Can this kind of site have an encoder; does it have a nonlinearity? */
bool plan_encodes(enum site_kind kind);
bool plan_has_function(enum site_kind kind);

/* Is any nonlinearity or product operand of the blocks not spiking? Counts sites
 * whose function is EXACT or ANALOG. */
int plan_analog_functions(const struct plan *plan);

const char *threshold_rule_name(enum threshold_rule rule); /* "max", "percentile", "mmse" */
const char *function_mode_name(enum function_mode m);      /* "none", "exact", "analog", "spiking" */

#endif
