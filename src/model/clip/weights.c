/* What CLIP's towers have behind their blocks. */
#include "model/vit/weights.h"

#include "base/real.h"

#include <math.h>
#include <stdio.h>

/* A matrix [width, out] as the weight of a linear layer. */
static bool
take_transposed(struct binder *b, const char *name, struct linear *l)
{
	const struct st_tensor *t = safetensors_find(b->file, name);
	int out = t && t->dims == 2 && t->dim[1] > 0 && t->dim[1] <= CONFIG_DIM_MAX ? (int)t->dim[1] : 1;
	const float *from = binder_take(b, name, (struct shape){2, {b->width, out}}, NULL);
	float *to = from ? arena_floats(b->arena, (size_t)b->width * (size_t)out) : NULL;

	if (!to)
		return from && status_nomem(b->st, "a projection");
	for (size_t i = 0; i < (size_t)b->width; i++)
		for (size_t o = 0; o < (size_t)out; o++)
			to[o * (size_t)b->width + i] = from[i * (size_t)out + o];
	*l = (struct linear){.in = b->width, .out = out, .weight = to};
	return true;
}

bool
binder_projection(struct binder *b, const char *part, int bias, struct linear *l)
{
	char name[NAME_MAX_LENGTH];
	const struct st_tensor *t;
	struct shape shape = {2, {1, b->width}};

	if (b->names && b->names->transposed_projection)
		return take_transposed(b, part, l);
	snprintf(name, sizeof(name), "%s.weight", part);
	t = safetensors_find(b->file, name);
	if (t && t->dims == 2 && t->dim[0] > 0 && t->dim[0] <= CONFIG_DIM_MAX)
		shape.dim[0] = t->dim[0];
	return binder_linear(b, part, shape, bias, l);
}

bool
binder_logit_scale(struct binder *b, const char *name)
{
	const struct st_tensor *scale = safetensors_find(b->file, name);
	struct model *model = b->model;

	if (scale && scale->count == 1 && !safetensors_read(scale, 0, 1, &model->logit_scale, b->st))
		return false;
	model->logit_scale = (float)real_exp((double)model->logit_scale);
	return (isfinite(model->logit_scale) && model->logit_scale > 0) ||
	       status_fail(b->st, STATUS_DATA, "%s: '%s' must be the logarithm of a positive number", b->path, name);
}
