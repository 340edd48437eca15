#include "study/energy/rules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void
rules_done(struct rules *rules)
{
	for (int i = 0; i < rules->count; i++) {
		free(rules->rule[i].name);
		free(rules->rule[i].help);
		free(rules->rule[i].source);
	}
	free(rules->rule);
	*rules = (struct rules){0};
}

const struct rule *
rules_find(const struct rules *rules, const char *name)
{
	for (int i = 0; i < rules->count; i++)
		if (strcmp(rules->rule[i].name, name) == 0)
			return &rules->rule[i];
	return NULL;
}

/* --- charging ------------------------------------------------------------- */

/* Picojoules of one access to a memory that holds so many values. */
static double
access_energy(const struct technology *t, double values)
{
	double bytes = values * t->bits / 8;
	int i = 0;

	if (t->memories == 0)
		return 0;
	if (bytes <= t->memory[0][0] || t->memories == 1)
		return t->memory[0][1] * t->bits / 64;
	while (i < t->memories - 2 && bytes > t->memory[i + 1][0])
		i++;
	return (t->memory[i][1] +
		(bytes - t->memory[i][0]) * (t->memory[i + 1][1] - t->memory[i][1]) / (t->memory[i + 1][0] - t->memory[i][0])) *
	       t->bits / 64;
}

/* Operations of one part. */
struct operations {
	double add, mac, shift;
};

/* Spikes into what stands at `first`: events, units, powers, single. */
static struct operations
of_spikes(const struct rule *rule, const struct ledger_row *row, enum ledger_quantity first)
{
	double events = (double)row->n[first], single = (double)row->n[first + 3];

	switch (rule->spike) {
	case RULE_UNIT:
		return (struct operations){.add = (double)row->n[first + 1]};
	case RULE_POPCOUNT:
		return (struct operations){.add = (double)row->n[first + 2], .shift = (double)row->n[first + 2]};
	case RULE_DENSE:
		if (first == LEDGER_SYNAPSE_EVENTS && row->n[LEDGER_SYNAPSE_DENSE] > 0)
			return (struct operations){.mac = (double)row->n[LEDGER_SYNAPSE_DENSE]};
		return (struct operations){.add = single, .mac = events - single};
	case RULE_MAC:
		return (struct operations){.add = single, .mac = events - single};
	default:
		return (struct operations){.add = events};
	}
}

static double
charge(struct rule_cost *cost, const struct rule *rule, enum rule_part part, struct operations o)
{
	const struct technology *t = &rule->technology;
	double picojoules = o.add * t->add + o.mac * t->mac + o.shift * t->shift;

	if (!rule->counts[part])
		return 0;
	cost->add += o.add;
	cost->mac += o.mac;
	cost->shift += o.shift;
	cost->part[part] += picojoules;
	cost->picojoules += picojoules;
	return picojoules;
}

/* So many operations at this price each. */
static void
charge_price(struct rule_cost *cost, const struct rule *rule, enum rule_part part, double count, double price)
{
	if (!rule->counts[part])
		return;
	cost->part[part] += count * price;
	cost->picojoules += count * price;
}

static void
charge_memory(struct rule_cost *cost, const struct rule *rule, const struct model *model, struct site site,
	      const struct ledger_row *row)
{
	double weights, states, reads = (double)row->n[LEDGER_WEIGHT_READS];
	double rest = (double)row->n[LEDGER_STATE_READS] + (double)row->n[LEDGER_STATE_WRITES];
	double spikes = (double)row->n[LEDGER_SYNAPSE_EVENTS] + (double)row->n[LEDGER_UGO_EVENTS];
	double products = (double)row->n[LEDGER_PRODUCT_EVENTS];

	if (!rule->counts[RULE_MEMORY])
		return;
	ledger_memory(model, site, &weights, &states);
	charge_price(cost, rule, RULE_MEMORY, reads, access_energy(&rule->technology, weights));
	charge_price(cost, rule, RULE_MEMORY, rest, access_energy(&rule->technology, states));
	cost->spikes += spikes * access_energy(&rule->technology, weights) +
			(2 * spikes + 3 * products) * access_energy(&rule->technology, states);
	cost->access += reads + rest;
}

struct rule_cost
rule_charge(const struct rule *rule, const struct model *model, struct site site, const struct ledger_row *row)
{
	const struct technology *t = &rule->technology;
	const uint64_t *n = row->n;
	struct rule_cost cost = {0};
	bool dense = rule->spike == RULE_DENSE && n[LEDGER_SYNAPSE_DENSE] > 0;

	/* What is multiplied whether a neuron sends or not does not grow with the spikes. */
	cost.spikes = (dense ? 0 : 1) * charge(&cost, rule, RULE_SYNAPSES, of_spikes(rule, row, LEDGER_SYNAPSE_EVENTS)) +
		      charge(&cost, rule, RULE_PRODUCTS, of_spikes(rule, row, LEDGER_PRODUCT_EVENTS)) +
		      charge(&cost, rule, RULE_PAIRS, (struct operations){.add = (double)n[LEDGER_PAIRS]}) +
		      charge(&cost, rule, RULE_UGO, of_spikes(rule, row, LEDGER_UGO_EVENTS));
	charge(&cost, rule, RULE_SYNAPSES, (struct operations){.mac = (double)n[LEDGER_SYNAPSE_GRADED]});
	charge(&cost, rule, RULE_PRODUCTS, (struct operations){.mac = (double)n[LEDGER_PRODUCT_GRADED]});
	charge(&cost, rule, RULE_PAIRS, (struct operations){.mac = (double)n[LEDGER_PAIRS_GRADED]});
	charge(&cost, rule, RULE_SQUARES, (struct operations){.mac = (double)n[LEDGER_SQUARES]});
	charge(&cost, rule, RULE_ADDITIONS, (struct operations){.add = (double)n[LEDGER_ADDITIONS]});
	charge(&cost, rule, RULE_FUNCTIONS, (struct operations){.mac = (double)n[LEDGER_FUNCTION_MACS]});
	charge(&cost, rule, RULE_EMBEDDING, (struct operations){.mac = (double)n[LEDGER_EMBEDDING_MACS]});
	charge_price(&cost, rule, RULE_SCALINGS, (double)n[LEDGER_SCALINGS], t->multiply);
	charge_price(&cost, rule, RULE_FUNCTIONS, (double)n[LEDGER_FUNCTIONS], t->function);
	charge_price(&cost, rule, RULE_NEURONS, (double)n[LEDGER_NEURONS], t->update);
	charge_memory(&cost, rule, model, site, row);
	return cost;
}

void
rule_cost_add(struct rule_cost *cost, const struct rule_cost *more)
{
	cost->add += more->add;
	cost->mac += more->mac;
	cost->shift += more->shift;
	cost->access += more->access;
	cost->spikes += more->spikes;
	cost->picojoules += more->picojoules;
	for (int i = 0; i < RULE_PARTS; i++)
		cost->part[i] += more->part[i];
}

struct rule_cost
rule_charge_ledger(const struct rule *rule, const struct ledger *ledger, int from, int to)
{
	struct rule_cost sum = {0};

	for (int i = 0; i < ledger->sites; i++) {
		struct ledger_row row = ledger_sum(ledger, i, from, to);
		struct rule_cost cost = rule_charge(rule, ledger->model, site_at(ledger->model, i), &row);

		rule_cost_add(&sum, &cost);
	}
	return sum;
}

/* --- against the reference ------------------------------------------------ */

/* Spikes as the rule counts them, over those of neurons that all send once a step. */
static double
rate(const struct rule *rule, const struct ledger_row *all)
{
	static const int offset[] = {[RULE_EVENT] = 0, [RULE_UNIT] = 1, [RULE_POPCOUNT] = 2, [RULE_MAC] = 0, [RULE_DENSE] = 0};
	double sent = (double)all->n[LEDGER_SYNAPSE_EVENTS + offset[rule->spike]];

	sent += (double)all->n[LEDGER_PRODUCT_EVENTS + offset[rule->spike]];
	return all->n[LEDGER_SLOTS] > 0 ? sent / (double)all->n[LEDGER_SLOTS] : 0;
}

struct rule_verdict
rule_compare(const struct rule *rule, const struct ledger *network, const struct ledger *reference)
{
	struct rule_cost own = rule_charge_ledger(rule, network, 0, network->steps);
	struct rule_cost other = rule_charge_ledger(rule, reference, 0, 1);
	struct ledger_row all = ledger_sum(network, -1, 0, network->steps);
	double pictures = network->pictures > 0 ? network->pictures : 1, spikes = own.spikes / pictures;
	struct rule_verdict v = {.network = own.picojoules / pictures, .reference = other.picojoules, .rate = rate(rule, &all)};
	double left = v.reference - (v.network - spikes);

	v.ratio = v.reference > 0 ? v.network / v.reference : NAN;
	v.break_even = spikes > 0 && left > 0 ? v.rate * left / spikes : NAN;
	return v;
}
