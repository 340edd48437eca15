/* Rules: what the operations of a ledger cost, and which of them count.
 *
 * Papers count differently, above all spikes that have levels; a rule says how, as data.
 * The rules that the program knows are src/study/rules.json, with their sources. Others
 * come from files of the same form:
 *
 *	{"technologies": {"mine": {"source": "...", "bits": 32, "add": 0.9, "mac": 4.6, "multiply": 3.7,
 *	                           "shift": 0.13, "function": 36.8, "update": 1.8,
 *	                           "memory": [[8192, 10], [32768, 20], [1048576, 100]]}},
 *	 "rules": [{"name": "mine", "help": "...", "source": "...", "technology": "mine",
 *	            "spike": "event", "count": ["synapses", "products"]}]}
 *
 * technology: picojoules of an operation at so many bits; "memory" are picojoules of an
 * access to 64 bits of a memory of so many bytes, in ascending order: between two sizes
 * and beyond the last in proportion, below the first as the first, and times bits / 64.
 * "update" is what a neuron's own addition and comparison cost.
 *
 * spike: what a spike costs at each of its synapses.
 *	event		an addition
 *	unit		an addition for each quantum
 *	popcount	a shift and an addition for each bit that is set in the number of quanta
 *	mac		a multiplication and addition, or an addition where the neuron has one level
 *	dense		an addition where neurons send 0 and 1 alone; else synapses of linear layers and
 *			convolutions are multiplied and added whether the neuron sends or not, and other
 *			spikes as mac
 * A graded operand costs a multiplication and addition under every rule.
 *
 * count: which parts of the ledger count, of the network and of the reference alike:
 * synapses, products (two terms), pairs (the third term: an addition each, or a
 * multiplication and addition with a graded operand), ugo (spikes of hidden neurons into
 * their sum), scalings, squares, additions, functions (exact ones, and UGOs that are
 * analog MLPs), neurons, embedding (and head), memory. */
#ifndef SPIKESCOPE_STUDY_RULES_H
#define SPIKESCOPE_STUDY_RULES_H

#include "study/energy/ledger.h"

enum rule_spike { RULE_EVENT, RULE_UNIT, RULE_POPCOUNT, RULE_MAC, RULE_DENSE, RULE_SPIKES };
extern const char *const rule_spike_names[]; /* ends with NULL */

enum rule_part {
	RULE_SYNAPSES,
	RULE_PRODUCTS,
	RULE_PAIRS,
	RULE_UGO,
	RULE_SCALINGS,
	RULE_SQUARES,
	RULE_ADDITIONS,
	RULE_FUNCTIONS,
	RULE_NEURONS,
	RULE_EMBEDDING,
	RULE_MEMORY,
	RULE_PARTS
};
extern const char *const rule_part_names[]; /* ends with NULL */

enum { RULE_MEMORIES = 8 };

/* Picojoules of an operation. */
struct technology {
	double bits, add, mac, multiply, shift, function, update;
	double memory[RULE_MEMORIES][2]; /* bytes, picojoules of 64 bits */
	int memories;
};

struct rule {
	char *name, *help, *source; /* control characters escaped */
	struct technology technology;
	enum rule_spike spike;
	bool counts[RULE_PARTS];
};

struct rules {
	struct rule *rule; /* [count] */
	int count;
};

/* The program's own rules, and those of a file (NULL: none) behind them; one of the same
 * name replaces the earlier. STATUS_DATA, with file, rule and key, for what is wrong. */
bool rules_load(struct rules *rules, const char *path, struct status *st);
void rules_done(struct rules *rules);
const struct rule *rules_find(const struct rules *rules, const char *name); /* NULL: none */

/* What a row costs. */
struct rule_cost {
	double add, mac, shift, access; /* additions, multiplications and additions, shifts, accesses to memory */
	double part[RULE_PARTS];        /* picojoules */
	double spikes;                  /* of them what grows with the spikes */
	double picojoules;              /* in all */
};
/* site: that the row is of, for the sizes of its memories. */
struct rule_cost rule_charge(const struct rule *rule, const struct model *model, struct site site, const struct ledger_row *row);
void rule_cost_add(struct rule_cost *cost, const struct rule_cost *more);
/* Steps [from, to) of all sites, all pictures of the ledger. */
struct rule_cost rule_charge_ledger(const struct rule *rule, const struct ledger *ledger, int from, int to);

/* How a network stands against its reference under a rule. */
struct rule_verdict {
	double network, reference; /* picojoules a picture */
	double ratio;              /* of the two */
	double rate;               /* what a neuron sends a step, as the rule counts it, weighted by fan-out */
	double break_even;         /* the rate at which both cost the same in as many steps; NAN: no spikes, or never */
};
struct rule_verdict rule_compare(const struct rule *rule, const struct ledger *network, const struct ledger *reference);

#endif
