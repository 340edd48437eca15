/* One step of a transformer in the ledger. */
#include "study/energy/ledger_count.h"

void
ledger_memory(const struct model *model, struct site site, double *weights, double *states)
{
	double tokens = model->tokens, width = model->width, wide = model->mlp_width;

	*weights = *states = 0;
	if (model->resnet) {
		ledger_layer_memory(model, site, weights, states);
		return;
	}
	switch (site.kind) {
	case SITE_NORM1_CENTER:
	case SITE_NORM1:
		*weights = 3 * width * width;
		*states = 3 * tokens * width;
		break;
	case SITE_NORM2_CENTER:
	case SITE_NORM2:
		*weights = width * wide;
		*states = tokens * wide;
		break;
	case SITE_ACT_OUT:
		*weights = width * wide;
		*states = tokens * width;
		break;
	case SITE_AV:
		*weights = width * width;
		*states = tokens * width;
		break;
	default:
		if (site_in_block(site.kind))
			*states = (double)site_size(model, site);
	}
}

/* What is done at a site beyond attention in every step whatever fires. folded: LayerNorm's
 * 1/sigma is applied behind the linear layer. */
static void
count_arithmetic(const struct model *model, enum site_kind kind, uint64_t size, bool folded, struct ledger_row *row)
{
	uint64_t stream = (uint64_t)model->tokens * (uint64_t)model->width;

	switch (kind) {
	case SITE_NORM1_CENTER:
	case SITE_NORM2_CENTER:
		row->n[LEDGER_ADDITIONS] += 2 * size;
		break;
	case SITE_NORM1_RSQRT:
	case SITE_NORM2_RSQRT:
		row->n[LEDGER_SQUARES] += stream;
		row->n[LEDGER_SCALINGS] += !folded                    ? stream
					   : kind == SITE_NORM1_RSQRT ? 3 * stream
								      : size * (uint64_t)model->mlp_width;
		break;
	case SITE_Q:
	case SITE_K:
	case SITE_V:
	case SITE_FC1:
	case SITE_ATTN:
	case SITE_MLP:
		row->n[LEDGER_ADDITIONS] += size;
		break;
	default:
		break;
	}
}

/* The bias of a layer whose output is added to the residual stream enters in every step
 * of mean-decoded trains, else in the first. */
static void
count_bias(const struct model *model, struct site site, uint64_t size, struct ledger_row *row)
{
	const struct vit_block *b = site.kind == SITE_ATTN || site.kind == SITE_MLP ? &model->blocks[site.block] : NULL;

	if (b && (site.kind == SITE_ATTN ? b->proj : b->fc2).bias)
		row->n[LEDGER_ADDITIONS] += size;
}

static uint64_t
embedding_macs(const struct model *model)
{
	return (uint64_t)model->patches * (uint64_t)model->patch.in * (uint64_t)model->width;
}

static void
count_ends(const struct model *model, struct ledger_row *row)
{
	row[site_index(model, site_in(SITE_PATCH_EMBED, -1))].n[LEDGER_EMBEDDING_MACS] += embedding_macs(model);
	row[site_index(model, site_in(SITE_HEAD, -1))].n[LEDGER_EMBEDDING_MACS] += ledger_head_macs(model);
}

static void
count_site(const struct snn *snn, int index, struct ledger_row *row)
{
	const struct plan *plan = snn_plan(snn);
	struct site site = plan->site[index].site;
	uint64_t size = site_size(plan->model, site);

	count_arithmetic(plan->model, site.kind, size, plan->fold_norm, &row[index]);
	if (plan->mean_decoded || snn_time(snn) == 1)
		count_bias(plan->model, site, size, &row[index]);
	ledger_count_site(snn, index, row);
}

void
ledger_count_blocks(const struct snn *snn, struct ledger_row *row)
{
	const struct model *model = snn_plan(snn)->model;

	for (int i = 0; i < site_count(model); i++)
		if (site_in_block(site_at(model, i).kind))
			count_site(snn, i, row);
	if (snn_time(snn) == 1)
		count_ends(model, row);
}

static void
reference_site(const struct model *model, bool fold_norm, int index, struct ledger_row *row)
{
	struct site site = site_at(model, index);
	uint64_t size = site_size(model, site);

	count_arithmetic(model, site.kind, size, false, &row[index]);
	count_bias(model, site, size, &row[index]);
	ledger_reference_site(model, fold_norm, site, row);
}

void
ledger_reference_blocks(const struct model *model, bool fold_norm, struct ledger_row *row)
{
	for (int i = 0; i < site_count(model); i++)
		if (site_in_block(site_at(model, i).kind))
			reference_site(model, fold_norm, i, row);
	count_ends(model, row);
}
