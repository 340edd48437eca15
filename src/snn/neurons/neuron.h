/* Neurons: stateful quantisers of a cumulative target.
 *
 * A neuron should have sent X_t in all after step t; it has sent M. Its membrane
 * potential is u = X_t - M (plus `initial` V, where it has an initial potential); its
 * state is M alone wherever possible: as an integer m, M = m V, so that a neuron never
 * drifts. V is its threshold. Its file (if.c, lif.c, ...) has its rule.
 *
 * A threshold of 0 marks a neuron that never sends. A neuron is one file, which defines its struct
 * neuron_type, and a row of NEURON_ROWS: nothing else in the program knows a kind of neuron. */
#ifndef SPIKESCOPE_SNN_NEURON_H
#define SPIKESCOPE_SNN_NEURON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The neurons: the number that kept plans know each by, which never changes, its constant, and its
 * file's struct neuron_type. Numbers follow one another. */
#define NEURON_ROWS(ROW)                                                                                                         \
	ROW(1, NEURON_IF, neuron_if)                                                                                             \
	ROW(2, NEURON_LIF, neuron_lif)                                                                                           \
	ROW(3, NEURON_SIGNED, neuron_signed)                                                                                     \
	ROW(4, NEURON_BURST, neuron_burst)                                                                                       \
	ROW(5, NEURON_ROUND, neuron_round)                                                                                       \
	ROW(6, NEURON_MT, neuron_mt)                                                                                             \
	ROW(7, NEURON_DIFFERENTIAL, neuron_differential)                                                                         \
	ROW(8, NEURON_STBIF, neuron_stbif)                                                                                       \
	ROW(9, NEURON_ECMT, neuron_ecmt)                                                                                         \
	ROW(10, NEURON_ALIF, neuron_alif)

#define NEURON_CONSTANT(number, constant, type) constant = number,
enum neuron_kind {
	NEURON_NONE, /* graded: the value passes as it is (analog) */
	NEURON_ROWS(NEURON_CONSTANT) NEURON_KINDS
};
#undef NEURON_CONSTANT

/* Refined levels halve at every step after this one, unless a recipe or override says. */
enum { NEURON_REFINE_AFTER = 3, NEURON_REFINE_AFTER_MOST = 64, NEURON_REFINE_MOST = 8, NEURON_REPEAT_MOST = 3 };

/* What a neuron can be set to; each takes some of it (struct neuron_type). */
enum { NEURON_OWN = 3 };
struct neuron_settings {
	int burst;             /* quanta a step, levels or largest count: what its type says */
	int repeat;            /* spikes a step */
	int refine;            /* how often the levels halve, once a step */
	int refine_after;      /* the last step before they do, at least 1 */
	float initial;         /* membrane potential at the start, in thresholds, 0..1 */
	float own[NEURON_OWN]; /* what this neuron alone has, as its file counts them */
};

/* One of them, for a neuron that takes it. */
struct neuron_setting {
	const char *key, *help; /* key: of overrides */
	const char *json;       /* its name in plans; NULL: the key */
	bool whole;             /* an int; else a float */
	double lo, hi, usual;
	size_t at; /* in struct neuron_settings */
	/* Is it a part of the plan's JSON? NULL: always. */
	bool (*said)(const struct neuron_settings *settings);
};

/* What a neuron is in one step. */
struct neuron_rule {
	enum neuron_kind kind; /* not NEURON_NONE */
	int burst;             /* up to the largest that its setting takes */
	int repeat;            /* mt, differential: spikes a step, 1..3 */
	float grain, fine;     /* mt: 2^-i, fine <= grain <= 1; differential: grain = 1/t */
	float initial;         /* membrane potential at the start, in thresholds */
	float own[NEURON_OWN]; /* constants of the neuron's own: neuron_type.derive */
};

/* Integers, so that sums do not depend on the order of threads. */
struct neuron_tally {
	int64_t events; /* neurons that sent */
	int64_t units;  /* quanta, or spikes where a spike is worth several quanta */
};

/* Rows of n neurons, at most 2^24 in all: x [rows, n] targets X_t, threshold [n], state [rows, n]
 * updated; total [rows, n] receives M_t, sent [rows, n] what this step sent. Adds to events and
 * units. */
typedef void neuron_population(const float *x, const float *threshold, void *state, float *total, float *sent, int rows, int n,
			       struct neuron_rule rule, int32_t *events, int32_t *units);

/* What a rule needs of a threshold in one step. */
struct neuron_limits {
	float quantum;   /* value of one unit of state: 1 where the state is M */
	float low, high; /* as the rule has it */
	float step;      /* value of what is sent, or of a step's smallest part of it */
	float start;     /* initial membrane potential */
};

/* How the lanes of a unit of a tile take a step: each for itself; all from one state with nothing to send, in any
 * of several steps; all from one state with one target, as one neuron. */
enum unit_class { UNIT_DIVERGENT, UNIT_IDLE, UNIT_UNIFORM };

enum { NEURON_TILE = 64, NEURON_TILE_EVENT = 1 << 16, NEURON_NO_SLOT = UINT16_MAX };

/* The hidden neurons of NEURON_TILE UGOs in some steps. Neuron i of the element with input
 * x has the target clip(w1_i x + bias_i, floor, top_i). Arrays over neurons: [hidden];
 * over neurons and elements: [hidden, across], across 1 where elements share. */
struct neuron_tile_step {
	struct neuron_rule rule;
	const float *bias, *top;
	const struct neuron_limits *limits; /* of shared thresholds */
	const float *x;                     /* [NEURON_TILE] */
	float *y;                           /* [NEURON_TILE]: += sum of weight times state */
	int32_t *tally;                     /* [NEURON_TILE]: += spikes, and NEURON_TILE_EVENT for every neuron that sent */
};
struct neuron_tile {
	int hidden, steps;
	bool cut; /* floor 0; else there is none */
	const float *w1;
	const int32_t *unit_class; /* enum unit_class */
	size_t across;
	const float *threshold;  /* [hidden, across] */
	const float *weight;     /* [hidden, across]: of one unit of state */
	uint16_t *slot;          /* [hidden]: where in m its states are, while they step for themselves; how many do */
	void *m;                 /* [hidden, NEURON_TILE] states */
	float *uniform;          /* [hidden] states of the others */
	const char *next_states; /* what will be read next: a unit prefetches of it what lies where its own states do */
	size_t next_size;        /* bytes */
	const struct neuron_tile_step *step; /* [steps] */
};
typedef void neuron_hidden(const struct neuron_tile *tile);

/* What a neuron does, for the settings of a rule. */
struct neuron_loops {
	neuron_population *step;
	neuron_hidden *shared, *own; /* with one threshold for all elements, and one each */
	/* The first two steps at once, of neurons whose state is a number; else NULL: with one threshold for all
	 * elements, and to y and tally only of the second. Gives out slots, but not to units that are saturated
	 * [hidden] and in one state, which is then uniform. */
	void (*first_two)(const struct neuron_tile *tile, const int32_t *saturated);
	struct neuron_limits (*limits)(float threshold, const struct neuron_rule *rule); /* for `shared` and `step_uniform` */
	/* Of neurons whose state is a number; else NULL: one neuron with this state, which gives the next; and a
	 * unit's states from one, or the one that all are, or NAN. */
	float (*step_uniform)(float x, struct neuron_limits limits, float state, const struct neuron_rule *rule, int *units);
	void (*expand)(float state, void *m);
	float (*collapse)(const void *m);
};

struct neuron_type {
	const char *name, *help;
	const char *alias;                     /* another name for `neuron`, or NULL */
	const struct neuron_setting *settings; /* ends with a NULL key; NULL: there are none */

	/* The state, [neurons]; zero is the start. */
	size_t state_size;                              /* bytes per neuron */
	bool counts;                                    /* it counts quanta; else it is M */
	float (*read)(const void *state, size_t i);     /* neuron i's count, or M */
	float (*membrane)(const void *state, size_t i); /* NULL: X_t - M */

	/* What it can express. */
	bool mean, sum;   /* works in mean-decoded and in sum-decoded trains */
	bool signs;       /* can take back what it sent */
	bool levels;      /* burst counts levels, powers of two; each spike of one is a unit */
	bool number;      /* answers by one number of quanta; else every unit is a spike by itself */
	bool cut;         /* hidden neurons in ReLU form see no negative target */
	float never;      /* stands for a threshold of 0 where elements have their own */
	bool closed_form; /* under a constant input sends clip(floor(X_T / V + initial), 0, T) quanta */

	/* Are all its spikes of one magnitude? NULL: never. */
	bool (*single_level)(const struct neuron_settings *settings);
	/* The scale of the levels in step t; NULL: 1. */
	float (*grain)(const struct neuron_settings *settings, int t);
	/* Constants of one step from settings of its own [NEURON_OWN]; NULL: the same. */
	void (*derive)(const float *setting, float *constant);
	float (*quantum)(const struct neuron_rule *rule, float threshold); /* value of one quantum */
	int (*most)(int burst); /* quanta in one spike, or step, without refinement; NULL: not in whole ones */

	/* Thresholds. */
	float (*share)(int burst);               /* threshold over the largest value to send */
	float (*segment_share)(int burst);       /* the same of hidden neurons with segments; NULL: the same */
	bool rounds;                             /* a train ends at the nearest quantum; else at the one below */
	float (*held)(int burst, int T);         /* quanta that a train of T steps can hold; NULL: T */
	double (*ramp_levels)(int burst, int T); /* levels of a ramp after T steps; NULL: T */
	double (*largest)(int burst);            /* sent in a step by a threshold of 1; NULL: 1 / share */

	/* Alone, in `neuron`. */
	int steps;     /* how long; 0: 64 */
	float current; /* under this input; 0: 0.3 */
	bool leaky;    /* tau du/dt = -(u - rest) + R x with a hard reset: integrated with all constants */

	const struct neuron_loops *(*loops)(const struct neuron_rule *rule);
};

/* The type of a kind; NULL for NEURON_NONE. */
const struct neuron_type *neuron_type(enum neuron_kind kind);
const char *neuron_name(enum neuron_kind kind); /* "graded", "if", "lif", ... */
bool neuron_parse(const char *name, enum neuron_kind *kind);
/* Their names separated by commas. Returns out. */
char *neuron_names(char *out, size_t size);

/* The settings that a neuron has unless said; of NEURON_NONE too. */
struct neuron_settings neuron_defaults(enum neuron_kind kind);
/* The type's setting of this key ("burst" and "levels" are one), or NULL; NULL for a NULL type. */
const struct neuron_setting *neuron_setting(const struct neuron_type *type, const char *key);
/* Does some neuron take the key? Those that do, and the keys that there are, with commas between. Return out. */
bool neuron_takes(const char *key);
char *neuron_takers(const char *key, char *out, size_t size);
char *neuron_setting_keys(char *out, size_t size);
double neuron_setting_value(const struct neuron_setting *setting, const struct neuron_settings *of);
/* False, and nothing is set, when the value is out of range or should be whole. */
bool neuron_setting_set(const struct neuron_setting *setting, double value, struct neuron_settings *of);
/* Are all that the type takes within their ranges? */
bool neuron_settings_valid(const struct neuron_type *type, const struct neuron_settings *settings);
/* The largest burst, number of levels or count that the type takes; 0: it takes none. */
int neuron_burst_most(const struct neuron_type *type);

/* The neuron in step t, 1 the first. */
struct neuron_rule neuron_rule_at(enum neuron_kind kind, const struct neuron_settings *settings, int t);

/* The value of one quantum at threshold V. */
float neuron_quantum(const struct neuron_rule *rule, float threshold);
/* Threshold over the largest value to send; segment: of a hidden neuron that fills a segment. */
float neuron_share(enum neuron_kind kind, int burst, bool segment);

/* How many quanta of the unrefined threshold, or of the step's grain, a neuron sends in a step at
 * most; 0 when it does not send whole ones. */
int neuron_most(enum neuron_kind kind, const struct neuron_settings *settings);

/* Bytes of state per neuron. Zero is the start. */
size_t neuron_state_size(enum neuron_kind kind);

/* One step of rows of n neurons, as neuron_population, but any number of them. A count stays below 32767: at most 1024
 * steps (plan.h) of at most 16 quanta. */
void neuron_step(struct neuron_rule rule, const float *x, const float *threshold, void *state, float *total, float *sent,
		 int rows, int n, struct neuron_tally *tally);

#endif
