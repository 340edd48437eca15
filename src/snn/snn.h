/* The spiking network: one picture, one time step at a time.
 *
 * Every spiking site is a stateful quantiser: X_t is what it should have sent in
 * all after t steps, M_t what it did send, and its membrane potential is X_t - M_t.
 * Mean-decoded trains (STA) carry value = M_t / t. Between sites everything is the
 * reference network's own function of the values, products by temporal correction
 * (TCSA, docs/methods.md#products-of-two-trains): after any step the sum sent is A_t B_t / t.
 *
 * The state at t is a value: it can be saved, restored, hashed. Same plan, picture
 * and thread count: same bits. One snn belongs to one thread. */
#ifndef SPIKESCOPE_SNN_SNN_H
#define SPIKESCOPE_SNN_SNN_H

#include "base/hash.h"
#include "base/status.h"
#include "base/tensor.h"
#include "snn/plan/plan.h"

struct snn;

/* plan (and its model) must outlive the network. */
struct snn *snn_new(const struct plan *plan, struct status *st);
void snn_free(struct snn *snn);
const struct plan *snn_plan(const struct snn *snn);

/* Shows a picture [channels, size, size] and goes to t = 0. */
void snn_show(struct snn *snn, const float *pixels);
void snn_reset(struct snn *snn); /* t = 0, same picture */

/* One time step. The picture must have been shown. */
void snn_step(struct snn *snn);
/* n steps that nobody watches: layer by layer, several steps at once. The state is then,
 * to the bit, what n times snn_step() leaves. False when out of memory, before any step. */
bool snn_run(struct snn *snn, int n, struct status *st);
int snn_time(const struct snn *snn); /* steps done */

/* Logits of the values so far [classes]; at t = 0 all zero. */
void snn_logits(const struct snn *snn, float *logits);

enum snn_quantity {
	SNN_VALUE,      /* what has been decoded so far: comparable with the reference's value */
	SNN_CORRECTION, /* change of the value by the last step */
	SNN_SENT,       /* sent in the last step, in the site's own unit (0: silent) */
	SNN_COUNT,      /* the same in quanta of the threshold, signed */
	SNN_MEMBRANE,   /* X_t - M_t after the last step (encoders) */
	SNN_THRESHOLD,  /* broadcast to the site's shape (encoders) */
	SNN_INPUT,      /* what the function received, as a value (UGO sites) */
};

/* Is this quantity defined at the site under the network's plan? */
bool snn_has(const struct snn *snn, struct site site, enum snn_quantity q);

/* Copies the quantity into out (shape: site_shape). Fails with STATUS_USAGE where
 * it is not defined. At t = 0 everything is 0. */
bool snn_probe(const struct snn *snn, struct site site, enum snn_quantity q, struct tensor *out, struct status *st);

/* One element (index into the site's flattened shape) of a quantity that snn_has()
 * there; as snn_probe() has it. */
float snn_element(const struct snn *snn, struct site site, enum snn_quantity q, size_t element);

/* The least and the greatest of a quantity that snn_has() at the site. NaN is passed over. */
struct snn_extremes {
	float lo, hi;
};
void snn_extremes(const struct snn *snn, struct site site, enum snn_quantity q, struct snn_extremes *out);

/* The hidden neurons of a spiking UGO for one element (index into the site's
 * flattened shape): what they have sent in all, in quanta, and their membrane;
 * both [hidden], either may be NULL. */
bool snn_probe_hidden(const struct snn *snn, struct site site, size_t element, float *count, float *membrane, struct status *st);

/* What drives the site's neurons, as it stands after the last step [site shape]: the target
 * X_t of an encoder, the sum received by a function, what a graded site has sent in all.
 * The neurons of a site do not see one another, so whoever keeps this step by step can read
 * any of them again without the network (snn/excerpt.h). NULL for sites outside the blocks. */
const float *snn_source(const struct snn *snn, struct site site);

/* Spikes of one site (for a UGO: of its hidden neurons). Events count a neuron
 * that sends in a step once, units count every quantum. */
struct snn_activity {
	double neurons; /* spiking neurons at the site; 0 when it does not spike */
	double events_step, events_total;
	double units_step, units_total;
	/* Inputs outside the UGO's range: how many, and how far the farthest was outside,
	 * in widths of the range. */
	double alarms_step, alarms_total, alarm_reach;
};
void snn_activity(const struct snn *snn, struct site site, struct snn_activity *activity);
double snn_events(const struct snn *snn);      /* all sites, all steps so far */
double snn_events_step(const struct snn *snn); /* all sites, last step */
double snn_units(const struct snn *snn);
double snn_units_step(const struct snn *snn);

/* Exact counts of the last step, for accounts of what a network costs (study/ledger.h).
 * Spikes of a site that is stepped (of a UGO: of its hidden neurons); `powers` counts
 * the bits that are set in the numbers of quanta sent, or spikes where they are powers of two
 * themselves. */
struct snn_spikes {
	uint64_t events, units, powers;
};
void snn_step_spikes(const struct snn *snn, struct site site, struct snn_spikes *spikes);
/* How many weights of convolutions and projections the spikes of a residual network's site
 * have met, exactly: what a spike meets depends on its place (model/graph.h). Of a max pool what it passes on
 * counts: a value that changed is an event, worth as many quanta of the ReLU's neurons as it
 * changed by, or as many powers of two where they have levels. Graded are a ReLU without
 * neurons, of which every value counts as an event in every step, and pools whose changes are no
 * whole quanta, of which every change does. All 0 where none of them reads the site. */
struct snn_reach {
	bool graded;
	struct snn_spikes step;             /* of the last step */
	uint64_t events_total, units_total; /* of all steps so far */
	uint64_t slots;                     /* what events would be if every value of the site were sent */
};
void snn_reach(const struct snn *snn, struct site site, struct snn_reach *reach);
/* Of a product (SITE_QK, SITE_AV or SITE_PRODUCT): how often a value of one operand that was sent met one
 * of the other that was sent in the same step, the a_t b_t of TCSA. Graded operands send all. Of
 * attention pooling there is one query. */
uint64_t snn_step_pairs(const struct snn *snn, struct site product);

/* From now on every snn_step() adds what it spends at each site to seconds [site_count];
 * NULL: no longer. The products of a linear layer count for the site that receives them,
 * those of q, k and v together for q. */
void snn_clock(struct snn *snn, double *seconds);
/* Bytes that a site's state takes: sums, targets, neurons. */
size_t snn_site_bytes(const struct snn *snn, struct site site);

/* State as a value. */
size_t snn_state_size(const struct snn *snn); /* bytes */
void snn_state_save(const struct snn *snn, void *state);
void snn_state_load(struct snn *snn, const void *state); /* from the same plan and picture */
void snn_state_hash(const struct snn *snn, char hex[HASH_HEX]);
size_t snn_memory(const struct snn *snn); /* bytes allocated, state included */

/* For parity tests: replaces what block `block` receives as its residual stream in
 * the next step by `x` [tokens, width], as sent in that step; and reads what the
 * block sent in the last step. */
void snn_feed_block(struct snn *snn, int block, const float *x);
void snn_block_sent(const struct snn *snn, int block, float *x);

#endif
