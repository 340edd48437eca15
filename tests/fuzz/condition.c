/* A condition of a breakpoint: parsed, checked against a plan, asked after a step. Behind a
 * byte 0: overrides of a plan's sites. */
#include "tests/fuzz/support/fuzz.h"

#include "model/data/dataset.h"
#include "study/walk/condition.h"

#include <stdlib.h>
#include <string.h>

static struct plan *plan;
static struct walk *walk;

static void
make_walk(void)
{
	enum { PICTURES = 2, PIXELS = 3 * 8 * 8 };
	float pixels[PICTURES * PIXELS];
	struct status st = {0};
	struct dataset *data = dataset_open("examples/digits-vit/calibration.safetensors", &st);

	for (int i = 0; i < PICTURES; i++)
		fuzz_check(data && dataset_get(data, i, fuzz_digits(), pixels + i * PIXELS, NULL, &st), st.message);
	dataset_close(data);
	plan = plan_build(fuzz_digits(), &(struct plan_options){.T = 4, .rule = -1, .pixels = pixels, .pictures = PICTURES}, NULL,
			  &st);
	walk = plan ? walk_new(plan, &st) : NULL;
	fuzz_check(walk && walk_show(walk, pixels, 0, &st) && walk_steps(walk, 1, NULL, &st), st.message);
}

static void
ask(const char *text)
{
	struct condition_found found;
	struct condition_fault fault = {0};
	struct status st = {0};
	struct condition *c = condition_parse(text, fuzz_digits(), &fault, &st);

	if (!c) {
		fuzz_refused(&st);
		fuzz_check(fault.at <= strlen(text) && fault.length <= strlen(text) - fault.at, "a fault is within the text");
		return;
	}
	if (!condition_check(c, walk, &st)) {
		fuzz_refused(&st);
	} else {
		condition_true(c, walk, &found);
		condition_value(c, walk, &found);
	}
	condition_free(c);
}

static void
change(const char *text)
{
	struct status st = {0};
	struct plan *copy = *text ? plan_copy(plan, &st) : NULL;

	if (copy && !plan_override(copy, text, &st))
		fuzz_refused(&st);
	plan_free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_parts parts = {data, size};
	char *condition = fuzz_text(&parts), *overrides = fuzz_text(&parts);

	if (!walk)
		make_walk();
	ask(condition);
	change(overrides);
	free(condition);
	free(overrides);
	return 0;
}
