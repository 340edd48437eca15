#include "ui/shell/words.h"

#include <stdbool.h>
#include <string.h>

const struct word_info word_table[] = {
    {"site",
     "a place of the network where a tensor can be looked at, as blocks.2.attn.softmax or head; a glob, as blocks.*.mlp.act, "
     "names several. model lists them.",
     ""},
    {"spike",
     "what a neuron sends in one step. Neurons of the recipe sta send signed spikes of one size; multi-threshold neurons choose "
     "among several sizes.",
     "spiking"},
    {"quantum",
     "the unit that spikes are counted in: a spike of four quanta is four times the smallest one of its site. The column spikes "
     "counts quanta.",
     "quanta"},
    {"event",
     "one sending of one neuron in one step, however large. An event of four quanta is one event and four spikes, so events are "
     "never more than spikes.",
     ""},
    {"graded",
     "of an event: it carries a size (some bits), not a single pulse. Energy rules charge by events where hardware sends graded "
     "spikes, by spikes where it sends unit pulses.",
     ""},
    {"rate", "events per neuron and step, between 0 and 1.", "firing"},
    {"T",
     "the steps that thresholds are calibrated for (convert --T). The option --t of eval and others names the steps at which "
     "something is reported.",
     "steps"},
    {"threshold",
     "the membrane potential at which a neuron sends, and the size of what it sends. Calibration chooses it from what the "
     "reference network has there.",
     "theta"},
    {"calibration",
     "running the reference network over some pictures (64 unless told) to see the range of every site. They should not be the "
     "pictures that are evaluated.",
     "calibrate"},
    {"UGO",
     "universal group operator: a few neurons that stand for one nonlinear function (gelu, exp, reciprocal, 1/sqrt), as a sum of "
     "ReLUs whose knots and weights are fitted once, without data.",
     "group operator"},
    {"knot", "where two straight pieces of a UGO meet; its neurons decide how many there are.", ""},
    {"limit",
     "of a UGO: the asymptotic estimate of the best error that so many pieces can have, from the function's curvature. It is "
     "exact for many pieces only; with few, or where no error counts, a fit can be below it.",
     "asymptotic"},
    {"alarm",
     "an input outside of the range that a UGO was fitted for, where its answer is only a guess. range(S) counts them in "
     "conditions.",
     "alarms"},
    {"estimate",
     "what the network believes a tensor to be after t steps: the mean (sta) or the sum (delta) of what was sent. In attention "
     "it multiplies two trains before all of their spikes are there.",
     "approximation"},
    {"correction",
     "what a product in time sends in a step: the difference between the new estimate and what it has sent before. "
     "Spatio-temporal approximation is estimating and correcting.",
     ""},
    {"decoding",
     "how spikes become a number: their mean over the steps so far (mean decoding, sta) or their sum (sum decoding, delta: first "
     "the value, then only changes).",
     "decode"},
    {"analog",
     "computed with ordinary numbers inside the spiking network, since the recipe gives no neurons for it. audit says what "
     "stayed analog.",
     "exact"},
    {"reference",
     "the network as it was trained, with ordinary numbers (ANN). Every error is against it, not against the labels.", "ANN"},
    {"error",
     "of a site: the root mean square of estimate minus reference, over the root mean square of the reference; .1 is ten per "
     "cent. logit rmse is absolute.",
     "relative"},
    {"agreement", "the share of pictures for which spiking network and reference name the same class, right or wrong.", ""},
    {"rung",
     "one line of ladder: the network with one more kind of site spiking than the line before; the rung at which accuracy drops "
     "names the culprit.",
     "ladder"},
    {"recipe",
     "a way of conversion: which neurons, thresholds and decoding every site gets. help convert lists them, help sta explains "
     "one.",
     ""},
    {"plan",
     "a recipe carried out on a model: every neuron, threshold and UGO of it. It has a hash; the same hash gives the same "
     "spikes.",
     ""},
    {"run", "one recorded measurement (a step, an eval, a sweep's point) with its number; replay does it again, to the bit.", ""},
    {"session", "what was done from one start of the program to its end, under a name; session resume goes on with it.", ""},
    {"notebook", "the SQLite file in which all runs are kept; query asks it.", "database"},
    {NULL, NULL, NULL}};

static bool
same_word(const char *a, const char *b)
{
	size_t n = strlen(b);

	return strcasecmp(a, b) == 0 || (strncasecmp(a, b, n) == 0 && strcasecmp(a + n, "s") == 0);
}

const struct word_info *
word_find(const char *word)
{
	for (const struct word_info *w = word_table; w->word; w++)
		if (same_word(word, w->word) || (*w->also && same_word(word, w->also)))
			return w;
	return NULL;
}
