/* Inside the ledger: what counts a step, by architecture. Rows are [sites]. */
#ifndef SPIKESCOPE_STUDY_LEDGER_COUNT_H
#define SPIKESCOPE_STUDY_LEDGER_COUNT_H

#include "study/energy/ledger.h"

/* One step, or one pass of the reference: all layers. */
void ledger_count_layers(const struct snn *snn, struct ledger_row *row);
void ledger_reference_layers(const struct model *model, bool fold_norm, struct ledger_row *row);

/* At a site: its neurons or its function, what its values meet by ledger_edge(), and
 * the products, scalings and additions of attention between the encoders of q, k, v and the
 * mixed values. What spatial layers meet (layer_is_spatial()) is not in it. */
void ledger_count_site(const struct snn *snn, int index, struct ledger_row *row);
void ledger_reference_site(const struct model *model, bool fold_norm, struct site site, struct ledger_row *row);
/* Multiplications of the head for one picture, CLIP's projection included. */
uint64_t ledger_head_macs(const struct model *model);
uint64_t ledger_embed_macs(const struct model *model); /* of the patches */

/* Do the site's neurons know a single level (and its negative)? */
bool ledger_single_level(const struct site_plan *p);
/* Are 0 and one level all that they send? */
bool ledger_binary(const struct site_plan *p);
/* Reads and writes of so many spikes' synapses, and of graded operands, whose products are added
 * to so many sums. */
void ledger_count_memory(struct ledger_row *row, enum ledger_edge e, uint64_t synapses);
void ledger_count_graded(struct ledger_row *row, uint64_t synapses, uint64_t sums);

#endif
