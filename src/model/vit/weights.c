/* From tensors by name to the weights of struct model. */
#include "model/vit/weights.h"

#include "kernels/panels.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
shape_text(int dims, const int64_t *dim, char out[128])
{
	int at = snprintf(out, 128, "[");

	for (int i = 0; i < dims && at < 110; i++)
		at += snprintf(out + at, (size_t)(128 - at), "%s%" PRId64, i ? ", " : "", dim[i]);
	snprintf(out + at, (size_t)(128 - at), "]");
	return out;
}

/* Families differ in whether tokens and positions have dimensions of 1 in front. */
static int
leading_ones(int dims, const int64_t *dim)
{
	int n = 0;

	while (n < dims && dim[n] == 1)
		n++;
	return n;
}

static bool
check_shape(const struct binder *b, const struct st_tensor *t, const struct shape *want)
{
	int ones = leading_ones(t->dims, t->dim), spare = leading_ones(want->dims, want->dim), dims = t->dims - ones;
	char wanted[128], found[128];

	if (dims == want->dims - spare && memcmp(t->dim + ones, want->dim + spare, (size_t)dims * sizeof(*t->dim)) == 0)
		return true;
	return status_fail(b->st, STATUS_DATA, "%s: tensor '%.100s' has the shape %s, but config.json asks for %s", b->path,
			   t->name, shape_text(t->dims, t->dim, found), shape_text(want->dims, want->dim, wanted));
}

static bool
check_finite(const struct binder *b, const struct st_tensor *t, const float *values)
{
	size_t bad = 0;

	for (size_t i = 0; i < t->count; i++)
		bad += !isfinite(values[i]);
	if (bad == 0)
		return true;
	return status_fail(b->st, STATUS_DATA,
			   "%s: tensor '%.100s' holds %zu values that are NaN or infinite; the weights are broken", b->path,
			   t->name, bad);
}

static const float *
take_values(struct binder *b, const struct st_tensor *t, float *dest)
{
	if (t->dtype > DTYPE_F64) {
		status_fail(
		    b->st, STATUS_DATA,
		    "%s: tensor '%.100s' is %s; weights must be F32, F16, BF16 or F64 (quantised models are not supported)",
		    b->path, t->name, dtype_name(t->dtype));
		return NULL;
	}
	if (!dest && !(dest = arena_floats(b->arena, t->count))) {
		status_nomem(b->st, t->name);
		return NULL;
	}
	if (!safetensors_read(t, 0, t->count, dest, b->st))
		return NULL;
	b->used[t - safetensors_at(b->file, 0)] = true;
	*b->parameters += t->count;
	return check_finite(b, t, dest) ? dest : NULL;
}

static const struct st_tensor *
find_shaped(const struct binder *b, const char *name, struct shape want)
{
	const struct st_tensor *t = safetensors_find(b->file, name);

	if (!t)
		status_fail(b->st, STATUS_DATA, "%s: tensor '%.100s' is missing; is this a complete download?", b->path, name);
	return t && check_shape(b, t, &want) ? t : NULL;
}

const float *
binder_take(struct binder *b, const char *name, struct shape want, float *dest)
{
	const struct st_tensor *t = find_shaped(b, name, want);

	return t ? take_values(b, t, dest) : NULL;
}

/* The name of a part's weight or bias; returns out. */
static char *
part_name(const char *part, const char *what, char out[NAME_MAX_LENGTH])
{
	size_t n = strlen(part);

	snprintf(out, NAME_MAX_LENGTH, "%s%s%s", part, n > 0 && part[n - 1] == '_' ? "" : ".", what);
	return out;
}

bool
binder_norm(struct binder *b, const char *part, struct norm *norm)
{
	char name[NAME_MAX_LENGTH];
	struct shape shape = {1, {b->width}};

	norm->width = b->width;
	norm->eps = b->eps;
	snprintf(name, sizeof(name), "%s.weight", part);
	if (!(norm->weight = binder_take(b, name, shape, NULL)))
		return false;
	snprintf(name, sizeof(name), "%s.bias", part);
	return (norm->bias = binder_take(b, name, shape, NULL)) != NULL;
}

bool
binder_linear(struct binder *b, const char *part, struct shape shape, int bias, struct linear *l)
{
	char name[NAME_MAX_LENGTH];

	l->out = (int)shape.dim[0];
	l->in = 1;
	for (int i = 1; i < shape.dims; i++)
		l->in *= (int)shape.dim[i];
	if (!(l->weight = binder_take(b, part_name(part, "weight", name), shape, NULL)))
		return false;
	part_name(part, "bias", name);
	if (bias == 0 || (bias < 0 && !safetensors_find(b->file, name)))
		return true;
	return (l->bias = binder_take(b, name, (struct shape){1, {l->out}}, NULL)) != NULL;
}

/* Separate query, key and value become one matrix of rows of q, k, v. */
static bool
join_qkv(struct binder *b, const char *block, float *weight, float *bias)
{
	const char *const *parts = b->names->qkv;
	int64_t width = b->width;
	char name[NAME_MAX_LENGTH];

	for (int64_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%s.%s.weight", block, parts[i]);
		if (!binder_take(b, name, (struct shape){2, {width, width}}, weight + i * width * width))
			return false;
		snprintf(name, sizeof(name), "%s.%s.bias", block, parts[i]);
		if (bias && !binder_take(b, name, (struct shape){1, {width}}, bias + i * width))
			return false;
	}
	return true;
}

static bool
take_split_qkv(struct binder *b, const char *block, struct linear *l)
{
	size_t width = (size_t)b->width;
	char name[NAME_MAX_LENGTH];
	float *weight, *bias;

	/* The file must hold this much before we ask for the memory. */
	snprintf(name, sizeof(name), "%s.%s.weight", block, b->names->qkv[0]);
	if (!find_shaped(b, name, (struct shape){2, {l->in, l->in}}))
		return false;
	weight = arena_floats(b->arena, 3 * width * width);
	bias = b->qkv_bias ? arena_floats(b->arena, 3 * width) : NULL;
	if (!weight || (b->qkv_bias && !bias))
		return status_nomem(b->st, "attention weights");
	l->weight = weight;
	l->bias = bias;
	return join_qkv(b, block, weight, bias);
}

static bool
take_qkv(struct binder *b, const char *block, struct linear *l)
{
	char part[NAME_MAX_LENGTH];

	l->in = b->width;
	l->out = 3 * b->width;
	if (b->names->qkv[1])
		return take_split_qkv(b, block, l);
	snprintf(part, sizeof(part), "%s.%s", block, b->names->qkv[0]);
	return binder_linear(b, part, (struct shape){2, {l->out, l->in}}, b->qkv_bias, l);
}

bool
binder_panels(struct binder *b, struct linear *l)
{
	float *panels = arena_floats(b->arena, panels_size(l->in, l->out));

	if (!panels)
		return status_nomem(b->st, "weights in panels");
	panels_fill(panels, l->weight, (size_t)l->in, 1, l->in, l->out);
	l->panels = panels;
	return true;
}

/* LayerScale: every output of the layer before it is multiplied by its own factor. */
static bool
fold_scale(struct binder *b, const char *part, struct linear *l)
{
	const float *scale = binder_take(b, part, (struct shape){1, {l->out}}, NULL);
	float *weight = scale ? arena_floats(b->arena, (size_t)l->out * (size_t)l->in) : NULL;
	float *bias = weight && l->bias ? arena_floats(b->arena, (size_t)l->out) : NULL;

	if (!weight || (l->bias && !bias))
		return scale && status_nomem(b->st, "LayerScale");
	for (size_t o = 0; o < (size_t)l->out; o++) {
		for (size_t i = 0; i < (size_t)l->in; i++)
			weight[o * (size_t)l->in + i] = scale[o] * l->weight[o * (size_t)l->in + i];
		if (bias)
			bias[o] = scale[o] * l->bias[o];
	}
	l->weight = weight;
	l->bias = bias;
	return true;
}

static bool
take_block(struct binder *b, int index, struct vit_block *block)
{
	bool scaled = b->spec && b->spec->scaled, gated = b->spec && b->spec->gated;
	const struct model_names *n = b->names;
	int64_t width = b->width, mlp = b->mlp_width;
	char at[64], part[NAME_MAX_LENGTH];

	snprintf(at, sizeof(at), "%s%s%d", b->prefix, n->block, index);
#define PART(x) (snprintf(part, sizeof(part), "%s.%s", at, n->x), part)
	return binder_norm(b, PART(norm1), &block->norm1) && take_qkv(b, at, &block->qkv) &&
	       binder_linear(b, PART(proj), (struct shape){2, {width, width}}, 1, &block->proj) &&
	       binder_norm(b, PART(norm2), &block->norm2) &&
	       binder_linear(b, PART(fc1), (struct shape){2, {gated ? 2 * mlp : mlp, width}}, 1, &block->fc1) &&
	       binder_linear(b, PART(fc2), (struct shape){2, {width, mlp}}, 1, &block->fc2) &&
	       (!scaled || (fold_scale(b, PART(scale[0]), &block->proj) && fold_scale(b, PART(scale[1]), &block->fc2))) &&
	       binder_panels(b, &block->qkv) && binder_panels(b, &block->proj) && binder_panels(b, &block->fc1) &&
	       binder_panels(b, &block->fc2);
#undef PART
}

struct vit_block *
binder_blocks(struct binder *b, int depth)
{
	struct vit_block *blocks = arena_alloc(b->arena, (size_t)depth * sizeof(*blocks));

	if (!blocks)
		status_nomem(b->st, "blocks");
	for (int i = 0; blocks && i < depth; i++)
		if (!take_block(b, i, &blocks[i]))
			return NULL;
	return blocks;
}

/* The prefix tokens, side by side when there are several: the class token, then a distillation token or registers. */
static bool
take_prefix_tokens(struct binder *b)
{
	struct model *model = b->model;
	int registers = b->spec->registers;
	struct shape shape = {3, {1, 1, model->width}};
	char name[NAME_MAX_LENGTH];
	float *all = NULL;

	if (model->prefix == 0)
		return true;
	if (model->prefix > 1 && !(all = arena_floats(b->arena, (size_t)model->prefix * (size_t)model->width)))
		return status_nomem(b->st, "tokens");
	snprintf(name, sizeof(name), "%s%s", b->prefix, b->names->class_token);
	if (!(model->prefix_tokens = binder_take(b, name, shape, all)))
		return false;
	snprintf(name, sizeof(name), "%s%s", b->prefix, registers > 0 ? b->names->registers : b->names->dist_token);
	if (registers > 0)
		shape.dim[1] = registers;
	return !all || binder_take(b, name, shape, all + model->width);
}

/* [1, tokens, width]. Register tokens have positions of 0 where the file has none for them, and so has the class
 * token where there are positions for the patches alone. */
static bool
take_positions(struct binder *b)
{
	struct model *model = b->model;
	char name[NAME_MAX_LENGTH];
	const struct st_tensor *t;
	int64_t rows = model->tokens;
	size_t width = (size_t)model->width;
	float *all;

	snprintf(name, sizeof(name), "%s%s", b->prefix, b->names->positions);
	t = safetensors_find(b->file, name);
	if (b->spec->registers > 0 && t && t->dims > 1 &&
	    (t->dim[t->dims - 2] == model->patches || t->dim[t->dims - 2] == model->patches + 1))
		rows = t->dim[t->dims - 2];
	if (!(model->positions = binder_take(b, name, (struct shape){3, {1, rows, model->width}}, NULL)))
		return false;
	if (rows == model->tokens)
		return true;
	all = arena_floats(b->arena, (size_t)model->tokens * width);
	if (!all)
		return status_nomem(b->st, "positions");
	memset(all, 0, (size_t)model->prefix * width * sizeof(*all));
	memcpy(all, model->positions, (size_t)(rows - model->patches) * width * sizeof(*all));
	memcpy(all + (size_t)model->prefix * width, model->positions + (size_t)(rows - model->patches) * width,
	       (size_t)model->patches * width * sizeof(*all));
	model->positions = all;
	return true;
}

static bool
take_embedding(struct binder *b)
{
	struct model *model = b->model;
	const struct model_names *n = b->names;
	struct shape patch = {4, {model->width, model->channels, model->patch_size, model->patch_size}};
	char name[NAME_MAX_LENGTH];

	if (!take_prefix_tokens(b) || !take_positions(b))
		return false;
	snprintf(name, sizeof(name), "%s%s", b->prefix, n->patch);
	if (!binder_linear(b, name, patch, b->bias_optional ? -1 : 1, &model->patch))
		return false;
	snprintf(name, sizeof(name), "%s%s", b->prefix, n->norm_pre ? n->norm_pre : "");
	return !model->has_norm_pre || binder_norm(b, name, &model->norm_pre);
}

/* The number of classes: the configuration's, else as many as the head has rows. */
static bool
find_classes(struct binder *b, const char *head)
{
	char name[NAME_MAX_LENGTH];
	const struct st_tensor *t;

	snprintf(name, sizeof(name), "%s.weight", head);
	t = safetensors_find(b->file, name);
	b->model->classes = b->classes;
	if (b->model->classes == 0 && t && t->dims == 2 && t->dim[0] > 0 && t->dim[0] < INT_MAX)
		b->model->classes = (int)t->dim[0];
	if (b->model->classes > 0)
		return true;
	return status_fail(b->st, STATUS_DATA,
			   "%s: tensor '%s' is missing or misshapen; a model with a classifier head is needed", b->path, name);
}

/* CLIP's towers end in a projection beside them: its prefix is the tower's without the tower's own name. */
static bool
take_projection(struct binder *b)
{
	const char *tower = strstr(b->prefix, "vision_model.");
	int outer = tower ? (int)(tower - b->prefix) : 0;
	char name[NAME_MAX_LENGTH];

	snprintf(name, sizeof(name), "%.*slogit_scale", outer, b->prefix);
	if (!binder_logit_scale(b, name))
		return false;
	snprintf(name, sizeof(name), "%.*s%s", outer, b->prefix, b->names->projection);
	return binder_projection(b, name, 0, &b->model->projection);
}

/* A head that lies in a file of its own: [classes, width] of the class token, or [classes, 2 width]. */
static bool
take_head_file(struct binder *b)
{
	struct binder own = *b;
	const struct st_tensor *t;
	char name[NAME_MAX_LENGTH];
	int in = b->model->width;
	bool ok;

	own.file = b->spec->head;
	own.used = calloc((size_t)safetensors_count(own.file) + 1, sizeof(*own.used));
	if (!own.used)
		return status_nomem(b->st, "the list of tensors");
	t = safetensors_find(own.file, part_name(b->spec->head_part, "weight", name));
	if (t && t->dims == 2 && t->dim[1] == 2 * in)
		in *= 2;
	ok = find_classes(&own, b->spec->head_part) &&
	     binder_linear(&own, b->spec->head_part, (struct shape){2, {b->model->classes, in}}, -1, &b->model->head);
	free(own.used);
	return ok;
}

static bool
take_heads(struct binder *b)
{
	const struct model_names *n = b->names;
	struct model *model = b->model;
	const char *head = model->distilled ? n->head_pair[0] : n->head;
	int bias = b->bias_optional ? -1 : 1;
	char name[NAME_MAX_LENGTH];
	struct shape shape;

	snprintf(name, sizeof(name), "%s%s", b->prefix, n->norm);
	if (!binder_norm(b, name, &model->norm))
		return false;
	if (n->projection)
		return take_projection(b);
	if (n->pool)
		return siglip_bind_pool(b) && take_head_file(b);
	if (b->spec->head)
		return take_head_file(b);
	if (!find_classes(b, head))
		return false;
	shape = (struct shape){2, {model->classes, b->spec->reads_mean ? 2 * model->width : model->width}};
	return binder_linear(b, head, shape, bias, &model->head) &&
	       (!model->distilled || binder_linear(b, n->head_pair[1], shape, bias, &model->head_dist));
}

const char *
binder_prefix(const struct safetensors *file, const char *const *prefixes, const char *tensor)
{
	char name[NAME_MAX_LENGTH];

	for (int i = 0; prefixes[i]; i++) {
		snprintf(name, sizeof(name), "%s%s", prefixes[i], tensor);
		if (safetensors_find(file, name))
			return prefixes[i];
	}
	return prefixes[0];
}

bool
binder_no_more_blocks(const struct binder *b, int depth)
{
	char block[64];

	snprintf(block, sizeof(block), "%s%s", b->prefix, b->names->block);
	for (int i = 0; i < safetensors_count(b->file); i++) {
		const char *name = safetensors_at(b->file, i)->name;

		if (!b->used[i] && strncmp(name, block, strlen(block)) == 0)
			return status_fail(b->st, STATUS_DATA,
					   "%s: tensor '%.100s' has no place in the model that config.json describes (depth %d)",
					   b->path, name, depth);
	}
	return true;
}

/* Tensors that would change the numbers but have no place in struct model. */
static bool
check_unused(const struct binder *b)
{
	static const struct {
		const char *part, *what;
	} known[] = {
	    {".ls1.", "layer scale"},
	    {".ls2.", "layer scale"},
	    {"gamma_1", "layer scale"},
	    {".q_norm.", "query and key norms"},
	    {".k_norm.", "query and key norms"},
	    {"fc_norm.", "pooling by mean"},
	    {"attn_pool.", "attention pooling"},
	    {"reg_token", "register tokens"},
	    {"pre_logits.", "a hidden layer before the head"},
	    {"rel_pos", "relative positions"},
	    {"backbone.", "a convolutional stem"},
	};

	for (int i = 0; i < safetensors_count(b->file); i++) {
		const char *name = safetensors_at(b->file, i)->name;

		for (size_t k = 0; !b->used[i] && k < sizeof(known) / sizeof(*known); k++)
			if (strstr(name, known[k].part))
				return status_fail(b->st, STATUS_DATA, "%s: tensor '%.100s': %s is not supported", b->path, name,
						   known[k].what);
	}
	return binder_no_more_blocks(b, b->model->depth - (b->names->pool ? 1 : 0));
}

static bool
take_all(struct binder *b)
{
	struct model *model = b->model;

	return take_embedding(b) && (model->blocks = binder_blocks(b, model->depth - (b->names->pool ? 1 : 0))) &&
	       take_heads(b) && check_unused(b);
}

bool
vit_weights_bind(struct model *model, const struct vit_spec *spec, const struct safetensors *file, struct arena *arena,
		 struct status *st)
{
	struct binder b = {.path = model->path,
			   .file = file,
			   .arena = arena,
			   .names = spec->names,
			   .prefix = binder_prefix(file, spec->names->prefixes,
						   spec->names->class_token ? spec->names->class_token : spec->names->positions),
			   .width = model->width,
			   .mlp_width = model->mlp_width,
			   .eps = spec->eps,
			   .qkv_bias = spec->qkv_bias,
			   .bias_optional = spec->bias_optional,
			   .parameters = &model->parameters,
			   .model = model,
			   .classes = spec->classes,
			   .spec = spec,
			   .st = st};
	bool ok;

	b.used = calloc((size_t)safetensors_count(file) + 1, sizeof(*b.used));
	if (!b.used)
		return status_nomem(st, "the list of tensors");
	ok = take_all(&b);
	free(b.used);
	return ok;
}
