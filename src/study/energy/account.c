#include "study/energy/account.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double
pictures(const struct ledger *ledger)
{
	return ledger->pictures > 0 ? ledger->pictures : 1;
}

/* Spikes sent as the rule counts them. */
static double
sent(const struct rule *rule, const struct ledger_row *row)
{
	static const enum ledger_quantity of[] = {[RULE_EVENT] = LEDGER_EVENTS,
						  [RULE_UNIT] = LEDGER_UNITS,
						  [RULE_POPCOUNT] = LEDGER_POWERS,
						  [RULE_MAC] = LEDGER_EVENTS,
						  [RULE_DENSE] = LEDGER_EVENTS};

	return (double)row->n[of[rule->spike]];
}

/* --- places --------------------------------------------------------------- */

int
account_places(const struct rule *rule, const struct ledger *network, const struct ledger *reference, struct account_place *place)
{
	struct account_place all[SITE_KINDS] = {{{0}, 0, 0, 0, 0}};
	double neurons[SITE_KINDS] = {0};
	int n = 0;

	for (int i = 0; i < network->sites; i++) {
		struct site site = site_at(network->model, i);
		struct ledger_row own = ledger_sum(network, i, 0, network->steps), other = ledger_sum(reference, i, 0, 1);
		struct account_place *p = &all[site.kind];

		p->network += rule_charge(rule, network->model, site, &own).picojoules / pictures(network);
		p->reference += rule_charge(rule, network->model, site, &other).picojoules;
		p->spikes += sent(rule, &own) / pictures(network);
		neurons[site.kind] += (double)own.n[LEDGER_NEURONS] / pictures(network);
	}
	for (int kind = 0; kind < SITE_KINDS; kind++) {
		if (!(all[kind].network > 0 || all[kind].reference > 0 || all[kind].spikes > 0))
			continue;
		all[kind].rate = neurons[kind] > 0 ? all[kind].spikes / neurons[kind] : 0;
		snprintf(all[kind].name, sizeof(all[kind].name), "%s", site_kind_name((enum site_kind)kind));
		place[n++] = all[kind];
	}
	return n;
}

/* --- steps ---------------------------------------------------------------- */

/* The ledger's steps [t, t + 1) as a ledger, sharing its rows. */
static struct ledger
one_step(const struct ledger *ledger, int t)
{
	struct ledger one = *ledger;

	one.row += (size_t)t * (size_t)ledger->sites;
	one.steps = 1;
	return one;
}

void
account_steps(const struct rule *rule, const struct ledger *network, const struct ledger *reference, struct account_step *step)
{
	double sum = 0;

	for (int t = 0; t < network->steps; t++) {
		struct ledger one = one_step(network, t);
		struct rule_verdict v = rule_compare(rule, &one, reference);

		sum += v.network;
		step[t] = (struct account_step){v.network, v.reference > 0 ? sum / v.reference : NAN, v.rate};
	}
}

/* --- what is published ---------------------------------------------------- */

/* Spikes a neuron and step of these kinds. */
static double
rate_of(const struct ledger *ledger, const enum site_kind *kind, int kinds)
{
	double events = 0, neurons = 0;

	for (int i = 0; i < ledger->sites; i++)
		for (int k = 0; k < kinds; k++)
			if (site_at(ledger->model, i).kind == kind[k]) {
				struct ledger_row row = ledger_sum(ledger, i, 0, ledger->steps);

				events += (double)row.n[LEDGER_EVENTS];
				neurons += (double)row.n[LEDGER_NEURONS];
			}
	return neurons > 0 ? events / neurons : NAN;
}

static double
saving(double own, double other)
{
	return other > 0 ? 1 - own / other : NAN;
}

static double
saving_on_products(const struct rule *rule, const struct ledger *network, const struct ledger *reference)
{
	double own = rule_charge_ledger(rule, network, 0, network->steps).part[RULE_PRODUCTS] / pictures(network);

	return saving(own, rule_charge_ledger(rule, reference, 0, 1).part[RULE_PRODUCTS]);
}

static double
saving_on_activations(const struct rule *rule, const struct ledger *network)
{
	double own = 0, functions = 0;

	for (int i = 0; i < network->sites; i++) {
		struct site site = site_at(network->model, i);
		struct ledger_row row = ledger_sum(network, i, 0, network->steps);
		struct rule_cost cost = rule_charge(rule, network->model, site, &row);

		if (site.kind != SITE_ACT)
			continue;
		own += cost.part[RULE_UGO] + cost.part[RULE_NEURONS] + cost.part[RULE_MEMORY];
		functions += (double)site_size(network->model, site);
	}
	return own > 0 ? saving(own / pictures(network), functions * rule->technology.function) : NAN;
}

void
account_claims(const struct rule *rule, const struct ledger *network, const struct ledger *reference,
	       struct account_claim claim[ACCOUNT_CLAIMS])
{
	static const enum site_kind activation[] = {SITE_ACT}, operands[] = {SITE_Q, SITE_K, SITE_V, SITE_SOFTMAX};
	double act = rate_of(network, activation, 1), product = rate_of(network, operands, 4);
	double counted = saving_on_products(rule, network, reference);

	/* The middle of 3-13% has the mean saving, the lower end the largest. */
	claim[0] = (struct account_claim){"UGO instead of GELU", 0.091, 0.41, act, saving_on_activations(rule, network)};
	claim[1] = (struct account_claim){"spike products, mean", 0.08, 0.33, product, counted};
	claim[2] = (struct account_claim){"spike products, most", 0.03, 0.75, product, counted};
}

/* --- advice --------------------------------------------------------------- */

static const char *
part_title(enum rule_part part)
{
	static const char *const title[] = {"weights of linear layers",
					    "products of attention",
					    "third products",
					    "sums of UGOs",
					    "scalings",
					    "squares",
					    "additions",
					    "analog functions",
					    "updates of neurons",
					    "embedding and head",
					    "memory"};

	return title[part];
}

static void
say_what_dominates(const struct rule *rule, const struct ledger *network, const struct ledger *reference, char *out, size_t size)
{
	struct rule_cost cost = rule_charge_ledger(rule, network, 0, network->steps);
	struct account_place place[SITE_KINDS];
	int n = account_places(rule, network, reference, place), most = 0, part = 0;
	double all = cost.picojoules / pictures(network);

	for (int i = 1; i < n; i++)
		most = place[i].network > place[most].network ? i : most;
	for (int i = 1; i < RULE_PARTS; i++)
		part = cost.part[i] > cost.part[part] ? i : part;
	if (n == 0 || !(all > 0)) {
		snprintf(out, size, "nothing costs anything under this rule");
		return;
	}
	snprintf(out, size, "%s: %.0f%%; of all places %s: %.0f%%; spikes: %.0f%%", part_title((enum rule_part)part),
		 100 * cost.part[part] / cost.picojoules, place[most].name, 100 * place[most].network / all,
		 100 * cost.spikes / cost.picojoules);
}

/* The last step after which the network still costs less; 0: none. */
static int
last_cheaper(const struct rule *rule, const struct ledger *network, const struct ledger *reference)
{
	struct account_step *step = calloc((size_t)network->steps, sizeof(*step));
	int last = 0;

	if (!step)
		return 0;
	account_steps(rule, network, reference, step);
	while (last < network->steps && step[last].ratio < 1)
		last++;
	free(step);
	return last;
}

static void
say_what_is_needed(const struct rule *rule, const struct ledger *network, const struct ledger *reference, char *out, size_t size)
{
	struct rule_verdict v = rule_compare(rule, network, reference);
	int last = last_cheaper(rule, network, reference);
	char steps[80];

	if (v.ratio < 1) {
		if (isfinite(v.break_even))
			snprintf(out, size, "it costs less than the ANN as long as the rate is below %.3g (it is %.3g)",
				 v.break_even, v.rate);
		else
			snprintf(out, size, "it costs less than the ANN, whatever fires");
		return;
	}
	if (last > 0)
		snprintf(steps, sizeof(steps), "stop after step %d", last);
	else
		snprintf(steps, sizeof(steps), "no step is cheap enough");
	if (isfinite(v.break_even))
		snprintf(out, size, "to cost less than the ANN: a rate of %.3g instead of %.3g (1/%.3g of the spikes), or %s",
			 v.break_even, v.rate, v.rate / v.break_even, steps);
	else
		snprintf(out, size,
			 "without any spike it would still cost more than the ANN: what is graded, analog or done every step has "
			 "to go first; %s",
			 steps);
}

void
account_advise(const struct rule *rule, const struct ledger *network, const struct ledger *reference,
	       struct account_advice *advice)
{
	say_what_dominates(rule, network, reference, advice->dominates, sizeof(advice->dominates));
	say_what_is_needed(rule, network, reference, advice->needs, sizeof(advice->needs));
}
