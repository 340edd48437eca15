/* Conditions: what a debugger stops at.
 *
 *	error(blocks.*.attn) > 0.1 and t >= 4
 *	top != ann
 *	not (membrane(blocks.2.mlp.act[5,17]) < .3 or range(blocks.4.norm2.rsqrt))
 *
 * A condition compares numbers (< <= > >= == !=) and joins comparisons by `and`,
 * `or`, `not` (also && || !) and parentheses. A number is a literal or one of
 *
 *	t, top, ann, label     steps done; the class of the network, of the reference, of the
 *	                       picture (-1: unknown); a class may be written by its name
 *	logit_rmse             error of the logits against the reference
 *	spikes(S)              quanta sent at the site in the last step; of one element: at S[i,j]
 *	rate(S)                events per neuron in the last step
 *	error(S)               relative error of the site; of one element: value - reference
 *	range(S)               inputs outside the range of the site's UGO in the last step
 *	value(S), membrane(S)  of one element S[i,j], else of any
 *
 * S is a site or a glob of sites, S[i,j] one element of them, with as many numbers
 * as the site has dimensions; the hidden neurons of a UGO are elements too:
 * membrane(S[i,j]) is the largest of them, membrane(S[i,j,h]) that of neuron h. A
 * number alone is true when it is not 0. A comparison with a glob is true when it
 * is for one of the sites (or elements); what it was true for is told.
 *
 * all(error(blocks.*)) < 0.2 is true when it is for every one of them, any(...) is as
 * without it; max(...) and min(...) are single numbers, which may stand on both sides
 * and be watched. Sites that the plan gives no such number are left out. */
#ifndef SPIKESCOPE_STUDY_CONDITION_H
#define SPIKESCOPE_STUDY_CONDITION_H

#include "study/walk/walk.h"

struct condition;

/* The words of conditions, for completion; ends with NULL. */
extern const char *const condition_words[];

/* Where in the text a fault is, bytes. */
struct condition_fault {
	size_t at, length;
};

/* STATUS_USAGE and *fault when the text is not a condition over the sites of model.
 * The text is copied; the model must outlive the condition. */
struct condition *condition_parse(const char *text, const struct model *model, struct condition_fault *fault, struct status *st);
void condition_free(struct condition *condition); /* NULL is fine */
const char *condition_text(const struct condition *condition);

/* Can every quantity in it be read under this plan? STATUS_USAGE, naming the one that cannot. */
bool condition_check(const struct condition *condition, const struct walk *walk, struct status *st);

/* Does it name one value, as `membrane(blocks.0.attn.q[3,5])` or `top`: something to watch? */
bool condition_is_value(const struct condition *condition);

/* What made it true, or what was read last when it is false. */
struct condition_found {
	double value;
	bool has_site, has_element;
	struct site site;
	size_t element; /* index into the site's flattened shape */
	int unit;       /* hidden neuron; -1: none */
};

/* Is it true where the walk is now? The walk's plan must have passed condition_check(). */
bool condition_true(const struct condition *condition, const struct walk *walk, struct condition_found *found);
/* The value that it names, or 0 and 1 for a condition. */
double condition_value(const struct condition *condition, const struct walk *walk, struct condition_found *found);

#endif
