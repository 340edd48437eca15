/* Inside the spiking network: shared by the files of snn/ only. */
#ifndef SPIKESCOPE_SNN_NETWORK_H
#define SPIKESCOPE_SNN_NETWORK_H

#include "ann/ann.h"
#include "base/arena.h"
#include "kernels/fixed.h"
#include "model/graph.h"
#include "snn/population/population.h"
#include "snn/snn.h"

/* What a linear layer receives, and is multiplied with: whole quanta, with weights in fixed point, or values, in floats. */
enum reception { RECEIVES_VALUES, RECEIVES_COUNTS };

/* A linear layer as spikes meet it. */
struct receiver {
	struct linear linear; /* panels: NULL unless values are received, or have been */
	struct fixed *fixed;  /* NULL where never used */
	enum reception kind;
};

/* One site at run time. Sums over time are called totals: `total` is what the site
 * has sent in all, `sent` what it sent in the last step. Where only totals are passed on
 * (functions, graded sites), memory is spared: what was sent is then `total` less `before`,
 * the total of the step before, and every step writes the one over the other. */
struct node {
	const struct site_plan *plan;
	int rows, columns;
	size_t size;                     /* rows * columns */
	bool derived;                    /* nothing in the network reads it: total and sent, which are no state,
					  * are worked out for those who look (snn_node() with snn_derive()), */
	uint64_t version;                /* and hold for this version of the network */
	bool packed;                     /* what an encoder sends is kept as `counts`, not as `sent`: node_sent() */
	int8_t *counts;                  /* state [fixed_counts_size()]: quanta of the step's grain */
	float *quantum, *inverse;        /* [columns]: of grain 1; 1 over it, or 0 */
	float *room;                     /* [node_room()]: all packed nodes work in it */
	float *total;                    /* state [size] */
	float *sent;                     /* state [size]; NULL where totals alternate */
	float *before;                   /* state [size]; else NULL. Means nothing in the first step */
	float *sums[2];                  /* both of them: of even and of odd steps */
	float *target;                   /* [size]: X_t of an encoder, NULL elsewhere: state; of a graded site and of SITE_ACT_OUT
					  * what is there anyway */
	void *m;                         /* state [size], twice that when split; NULL when graded */
	float *side;                     /* state [2, size]: sent by either side of a split encoder, else NULL */
	float *scratch;                  /* [size], split encoders */
	float *threshold;                /* [columns], the negative side's behind it when split */
	struct neuron_tally *step, *all; /* state */
	struct alarm_tally *alarms;      /* state */
	const uint64_t *fan_out;         /* [rows]: weights that a value meets; NULL where no weights read the node */
	struct neuron_tally *reach;      /* state [2]: weights met in the last step and in all; NULL as fan_out */
	float *input;                    /* state [size]: what the node's function received; NULL where another node has it */
	struct population population;    /* UGO sites */
};

/* A block that is stepped as a whole (graph_is_block()). */
struct block {
	const struct layer *part;      /* [BLOCK_PARTS] */
	const struct receiver *to;     /* [BLOCK_PARTS] */
	struct node node[BLOCK_PARTS]; /* those of the network, with its state; or aside */
	float *qkv_sum;                /* state [tokens, 3 width]: folded qkv weights times all spikes */
	float *fc1_sum;                /* state [tokens, mlp_width] */
	float *mid;                    /* state [tokens, width]: residual stream between attention and MLP */
};

/* One attention: the first `queries` of the tokens ask, and the keys and values of all answer. */
struct attention {
	int heads, head_dim, tokens, queries;
	struct node *q, *k, *v, *qk, *e, *reciprocal, *p, *av;
};

/* Buffers of several steps at once. */
struct run {
	float *stream[POPULATION_STEPS]; /* [tokens, width]: what a block receives, then what it has sent */
	float *fc1[POPULATION_STEPS];    /* [tokens, mlp_width]: totals of SITE_FC1 that its node does not keep */
	float *act[POPULATION_STEPS];    /* the same of SITE_ACT */
	float *received[POPULATION_STEPS], *given[POPULATION_STEPS]; /* where those of all steps are */
	char *written; /* what a block's nodes write anew in every step, for all steps but the last */
};

struct snn {
	const struct plan *plan;
	const struct model *model;
	struct arena *arena;
	struct node *layer;  /* [layers]: those outside of blocks that are stepped as a whole; of others `plan` is NULL */
	struct block *block; /* [depth] of those that are; of others `part` is NULL */
	bool blocks_alone;   /* is every node in such a block? */
	float *pixels;
	float *current; /* [size of the first layer]: what the input gives it in every step, or once */
	float *patch_scratch;
	float *first;              /* [size of the first layer]: the same as the first block has received it */
	float *joined;             /* [most rows, outputs of a weight] */
	float *readout;            /* what the head reads: values of [prefix, width] tokens, or [channels] */
	struct spikes *spikes;     /* those of one layer */
	float *room;               /* of packed nodes */
	struct fixed_room *listed; /* those of one layer, in fixed point */
	float *heads;              /* [head_scratch()] */
	uint32_t *senders;         /* [2 channels and tokens of an attention] for counting */
	float *scores;             /* [heads, queries, tokens] */
	float *stream;             /* [largest layer, or the input]: what a pool gives */
	float *graded;             /* [largest layer]: the target of the graded site at hand */
	float *fed;                /* [depth, tokens, width], made when first used */
	bool *feeding;             /* [depth] */
	char *state;
	size_t state_size;
	size_t state_cleared;    /* what of it a reset clears, from the start */
	size_t state_plain;      /* up to where it is the same however totals alternate */
	int *t;                  /* state */
	struct run *run;         /* made when first used */
	double *clock, clock_at; /* seconds by site_index, or NULL; when the site at hand began */
	uint64_t version;        /* changes with the state */
	bool shown;
};

/* Makes the plan's layers, or makes them new after thresholds have changed. False when out of memory. */
bool plan_receivers(struct plan *plan);

/* Does every neuron work with the plan's decoding? STATUS_USAGE. */
bool plan_check_neurons(const struct plan *plan, struct status *st);

/* The site's neurons in step t. */
struct neuron_rule site_rule(const struct site_plan *site, int t);

/* What a total is divided by to give a value: t, or 1 for sum-decoded trains. */
float snn_scale(const struct snn *snn);
/* How much of a constant input (a bias) enters in the current step: 1, or 0 after
 * the first step of sum-decoded trains. */
float snn_constant(const struct snn *snn);

/* The state is one block of memory. It is laid out twice by the same code: first
 * with no memory, to learn its size, then for good. */
struct carve {
	char *base; /* NULL in the first pass */
	size_t used;
};

void *carve(struct carve *c, size_t bytes);
float *carve_floats(struct carve *c, size_t n);

/* Can an encoder's spikes be kept as counts? */
bool node_packs(const struct site_plan *plan);
/* Floats that a packed node of so many columns works in. */
size_t node_room(int columns);
/* What an encoder or a graded site has sent in a step, whose grain (site_rule()) it was. */
float node_sent(const struct node *node, float grain, size_t element);

/* A node of which plan, rows, columns and size are set: its thresholds or its population, of
 * which `exact` is the function. False when out of memory. */
bool node_init(struct node *node, enum function exact, struct arena *arena);
/* Its state, in four parts: what is added to, and has to be cleared at the start; what every
 * step writes anew; totals that alternate; and what the neurons of its population have, for
 * which population_reset() does what there is to do. */
void node_layout(struct node *node, struct carve *state);
void node_layout_written(struct node *node, struct carve *state);
void node_layout_sums(struct node *node, struct carve *state);
void node_layout_population(struct node *node, struct carve *state);
/* Totals that alternate, as they are after step t. */
void node_align(struct node *node, int t);
/* Is this quantity defined at the node? */
bool node_has(const struct node *node, enum snn_quantity q);

/* What a node's elements are read with. */
struct node_reader {
	const struct node *node;
	const float *in; /* what the function received; NULL unless asked for */
	enum snn_quantity q;
	int t;
	float now, before; /* what sums are divided by, after this step and the last */
	float grain;       /* of the step */
};

struct node_reader node_reader(const struct node *node, const struct plan *plan, int t, enum snn_quantity q, const float *in);
float node_element(const struct node_reader *r, size_t element);
/* snn_probe_hidden() for an element that has received the sum x; the node has a spiking population. */
void node_hidden(const struct node *node, size_t element, float x, int t, float scale, float *counts, float *membrane);

/* The node of the site with this index; NULL for those that have none. */
struct node *snn_node(const struct snn *snn, int index);
/* Brings up to date what is derived at the node. */
void snn_derive(const struct snn *snn, struct node *node);
/* Counts what has passed since the last call for this site. */
void snn_spent(struct snn *snn, const struct node *node);
/* Have so few neurons of the node sent that spike by spike is faster? */
bool node_is_sparse(const struct node *node);

/* Where an encoder's target, or the new total of a graded site, goes for the step at hand. */
float *node_next(const struct node *node);
/* Lets an encoder (or a graded site) answer what is there. */
void node_encode(struct node *node, int t);
void node_tally(struct node *node, struct neuron_tally step); /* of the last step, added to all */
void node_functions(struct node *node, const float *received, float scale, int t);
/* What a residual network's spikes meet (reach.c): makes the node's fan_out (false when out of
 * memory); adds what a layer that is no ReLU with neurons sent to its reach, which node_encode()
 * does for those. */
bool reach_init(struct snn *snn, int layer);
void reach_values(const struct snn *snn, int layer);
/* Set bits of the numbers of quanta that were sent, of a row of values. */
uint32_t set_bits_of_row(const float *restrict sent, const float *restrict quantum, int columns);
/* Do the node's neurons answer by a number of quanta? The others send powers of two, one by one. */
bool sends_numbers(const struct site_plan *p);
/* Where the node has received no more than `floor` it has sent nothing. */
void node_floor(struct node *node, const float *received, float floor);
/* Rows, columns and size of a site. */
void node_shape(const struct model *model, struct site site, struct node *node);

/* Node and site of a layer: what it is stepped with, but in blocks that are stepped as a whole. */
bool layer_init(struct snn *snn, int index);
void layer_step(struct snn *snn, int index);
/* What the input has given in all up to the step at hand, to x [size of the first layer]. */
void snn_enter(const struct snn *snn, float *x);
/* Layers of tokens (tokens.c): LayerNorm, linear layers, activation, gate, sums. False for other ops. */
bool tokens_step(struct snn *snn, int index);
/* The current that the input gives to the layers that read it. */
void layers_show(struct snn *snn);

/* What follows the encoders of q, k and v up to that of probabilities times values. */
void attention_run(struct snn *snn, struct attention a);
/* The written part of a block's state (node_layout_written()). */
void block_layout_written(struct snn *snn, struct block *b, struct carve *c);
struct attention block_attention(struct block *b);
/* The attention of this block, however it is stepped. */
struct attention snn_attention(const struct snn *snn, int block);
void block_step(struct snn *snn, int index, const float *x);
struct run *run_new(struct snn *snn); /* in the network's arena; NULL when out of memory */
/* Steps start + 1 to start + steps of the block: from and to run->stream. */
void block_run(struct snn *snn, int index, int start, int steps);
/* The network's totals, or a block's, that alternate: as they are after its step, or t. */
void snn_align(struct snn *snn);
void block_align(struct block *b, int t);

#endif
