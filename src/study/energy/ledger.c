#include "study/energy/ledger.h"

#include "study/energy/ledger_count.h"

#include <stdlib.h>

const char *const ledger_names[] = {"neurons",        "events",         "units",          "powers",
				    "synapse_events", "synapse_units",  "synapse_powers", "synapse_single",
				    "synapse_graded", "product_events", "product_units",  "product_powers",
				    "product_single", "product_graded", "pairs",          "pairs_graded",
				    "ugo_events",     "ugo_units",      "ugo_powers",     "ugo_single",
				    "slots",          "synapse_dense",  "scalings",       "squares",
				    "additions",      "functions",      "function_macs",  "embedding_macs",
				    "weight_reads",   "state_reads",    "state_writes",   NULL};

static struct ledger *
make(const struct model *model, const struct plan *plan, int steps, struct status *st)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	if (ledger) {
		*ledger = (struct ledger){.model = model, .plan = plan, .steps = steps, .sites = site_count(model)};
		ledger->row = calloc((size_t)steps * (size_t)ledger->sites, sizeof(*ledger->row));
	}
	if (ledger && ledger->row)
		return ledger;
	free(ledger);
	status_nomem(st, "a ledger");
	return NULL;
}

struct ledger *
ledger_new(const struct plan *plan, int steps, struct status *st)
{
	return make(plan->model, plan, steps, st);
}

void
ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	free(ledger->row);
	free(ledger);
}

void
ledger_step(struct ledger *ledger, const struct snn *snn)
{
	struct ledger_row *row = ledger->row + (size_t)(snn_time(snn) - 1) * (size_t)ledger->sites;

	ledger_count_layers(snn, row);
}

struct ledger *
ledger_reference(const struct model *model, bool fold_norm, struct status *st)
{
	struct ledger *ledger = make(model, NULL, 1, st);

	if (!ledger)
		return NULL;
	ledger_reference_layers(model, fold_norm, ledger->row);
	ledger->pictures = 1;
	return ledger;
}

uint64_t
ledger_head_macs(const struct model *model)
{
	uint64_t projection = (uint64_t)model->projection.in * (uint64_t)model->projection.out;

	return projection + (uint64_t)(model->distilled ? 2 : 1) * (uint64_t)model->head.in * (uint64_t)model->head.out;
}

uint64_t
ledger_embed_macs(const struct model *model)
{
	return (uint64_t)model->patches * (uint64_t)model->patch.in * (uint64_t)model->patch.out;
}

void
ledger_add(struct ledger_row *row, const struct ledger_row *more)
{
	for (int q = 0; q < LEDGER_QUANTITIES; q++)
		row->n[q] += more->n[q];
}

void
ledger_merge(struct ledger *ledger, const struct ledger *more)
{
	for (size_t i = 0; i < (size_t)ledger->steps * (size_t)ledger->sites; i++)
		ledger_add(&ledger->row[i], &more->row[i]);
	ledger->pictures += more->pictures;
}

struct ledger_row
ledger_sum(const struct ledger *ledger, int site, int from, int to)
{
	struct ledger_row sum = {{0}};

	for (int t = from; t < to; t++)
		for (int i = site < 0 ? 0 : site; i < (site < 0 ? ledger->sites : site + 1); i++)
			ledger_add(&sum, &ledger->row[(size_t)t * (size_t)ledger->sites + (size_t)i]);
	return sum;
}
