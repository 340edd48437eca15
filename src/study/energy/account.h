/* What a ledger says under a rule: which places cost what, by step, against what papers
 * publish, and what would have to change. */
#ifndef SPIKESCOPE_STUDY_ACCOUNT_H
#define SPIKESCOPE_STUDY_ACCOUNT_H

#include "study/energy/rules.h"

/* The sites of one kind in every block, or a site outside of them. */
struct account_place {
	char name[SITE_NAME_MAX];  /* "norm1.center": the site without its block */
	double network, reference; /* picojoules a picture */
	double spikes;             /* sent in all, as the rule counts them, a picture */
	double rate;               /* the same for every neuron and step */
};
/* place [SITE_KINDS]: those that cost anything, in forward order. Returns how many. */
int account_places(const struct rule *rule, const struct ledger *network, const struct ledger *reference,
		   struct account_place *place);

struct account_step {
	double picojoules; /* of this step, a picture */
	double ratio;      /* of all steps so far, to the reference */
	double rate;       /* as in struct rule_verdict */
};
/* step [network->steps] */
void account_steps(const struct rule *rule, const struct ledger *network, const struct ledger *reference,
		   struct account_step *step);

/* What the paper (STA, ICLR 2024) publishes, from rates that it assumes, beside what was
 * counted here. A UGO is counted as its spikes, and as its neurons and memory where the rule
 * counts those, against the price of a function. */
struct account_claim {
	const char *what;
	double assumed_rate, published; /* saving, 0..1 */
	double measured_rate;           /* a neuron and step; NAN: nothing spikes there */
	double counted;                 /* saving by the rule; NAN: it does not count that */
};
enum { ACCOUNT_CLAIMS = 3 };
void account_claims(const struct rule *rule, const struct ledger *network, const struct ledger *reference,
		    struct account_claim claim[ACCOUNT_CLAIMS]);

/* Sentences for people: what dominates, and what would have to change for the network to
 * cost less than the reference (or how far it may go). */
struct account_advice {
	char dominates[200], needs[300];
};
void account_advise(const struct rule *rule, const struct ledger *network, const struct ledger *reference,
		    struct account_advice *advice);

#endif
