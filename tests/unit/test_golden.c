/* Every view as it was looked at and found right, in tests/fixtures/views: of
 *scenes that are made by hand, so that each machine draws the same text.
 *
 *	make goldens		writes them anew and shows what is different
 *
 * A file has the view at 80x24 and 120x40 without colours, and at 80x24 in
 *ASCII; of the coloured ones and of ASCII at 120x40 a number for each row, made
 *from characters, colours and attributes. */
#include "base/rng.h"
#include "tests/support/scene.h"
#include "ui/output/answer.h"
#include "ui/output/chart_data.h"
#include "ui/scene/findings.h"
#include "ui/scene/lab.h"
#include "ui/scene/lessons.h"
#include "ui/scene/log.h"
#include "ui/views/view.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDENS "tests/fixtures/views"

enum { STEPS = 6, LAYER = 1, HEAD = 2, QUERY = 5, KEY = 9, NEURON = 96, GOLDEN_SIZE = 1 << 18 };

static struct model *digits, *residual;
static struct made_scene made, of_residual, other;

/* --- numbers ----------------------------------------------------------------
 */

/* Multiples of 1/64 that look like a measurement: exact, and the same for the
 * same i and salt. */
static float
number(size_t i, unsigned salt)
{
	struct rng rng;

	rng_seed(&rng, i * 64 + salt);
	return (float)((int)rng_below(&rng, 257) - 128) / 64;
}

static void
fill(float *data, size_t count, unsigned salt, float scale, bool positive)
{
	for (size_t i = 0; i < count; i++) {
		float x = number(i, salt) * scale;

		data[i] = positive ? fabsf(x) : x;
	}
}

static void
fill_site(struct made_scene *m, struct site site, unsigned salt, float scale, bool positive)
{
	size_t size = site_size(m->scene.model, site);
	float *value = made_values(m, site, SNN_VALUE), *change = made_values(m, site, SNN_CORRECTION),
	      *reference = made_reference(m, site);

	fill(value, size, salt, scale, positive);
	fill(change, size, salt + 1, scale / 8, false);
	for (size_t i = 0; i < size; i++)
		reference[i] = value[i] + number(i, salt + 2) * scale / 8;
}

static void
fill_steps(struct made_scene *m)
{
	const struct model *model = m->scene.model;

	for (int t = 0; t < STEPS; t++) {
		struct walk_step *step = &m->step[t];

		fill(step->logits, (size_t)model->classes, 3 + (unsigned)t, 4, false);
		step->logit_rmse = 2.0f / (float)(t + 1);
		step->top = walk_best(step->logits, model->classes);
		step->events = 1000 + 10 * t;
		step->units = 1500 + 20 * t;
		for (int i = 0; i < site_count(model); i++)
			step->site[i] = (struct walk_site){.rmse = fabsf(number((size_t)i, 11)),
							   .relative = fabsf(number((size_t)i, 12)) / (float)(1 + t),
							   .cosine = 1 - fabsf(number((size_t)i, 13)) / 64,
							   .rate = fabsf(number((size_t)i, 14)) / 2,
							   .events = (float)(10 * i + t),
							   .units = (float)(12 * i + t),
							   .alarms = i % 7 == 3 ? (float)t : 0,
							   .reach = i % 7 == 3 ? 0.25f : 0};
	}
}

static void
fill_points(struct made_scene *m)
{
	for (int t = 0; t < STEPS; t++) {
		struct history_point *p = &m->point[t];

		p->value = number((size_t)t, 21);
		p->input = p->value + 0.125f;
		p->membrane = number((size_t)t, 22);
		p->threshold = 0.75f;
		p->count = (float)((t * 5) % 3 - 1);
		p->score_sent = number((size_t)t, 23);
		p->score_sum = number((size_t)t, 24);
		fill(p->a, 4 * (size_t)m->scene.model->head_dim, 25 + (unsigned)t, 1, false);
	}
}

/* Step by step, as they are recorded. */
static void
fill_spikes(struct made_scene *m)
{
	int stride;

	for (int t = 1; t <= STEPS; t++)
		for (int i = 0; i < site_count(m->scene.model); i++) {
			int8_t *count = spike_log_add(m->spikes, i, t);

			for (int n = 0; n < spike_log_neurons(m->spikes, i, &stride); n++)
				count[n] = (int8_t)(number((size_t)(n + 300 * t), 31) > 1 ? (n + t) % 5 - 2 : 0);
		}
}

/* --- scenes -----------------------------------------------------------------
 */

static void
make_scene(struct made_scene *m, const struct model *model)
{
	made_scene_init(m, model, STEPS);
	fill(m->pixels, (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size, 1, 1, false);
	fill(m->logits, (size_t)model->classes, 2, 4, false);
	m->scene.label = 3;
	fill_steps(m);
	fill_points(m);
	fill_spikes(m);
}

static void
make_transformer(struct made_scene *m)
{
	struct site act = site_in(SITE_ACT, LAYER), out = site_in(SITE_ACT_OUT, LAYER);

	make_scene(m, digits);
	fill_site(m, site_in(SITE_SOFTMAX, LAYER), 41, 0.25f, true);
	fill_site(m, site_in(SITE_QK, LAYER), 42, 2, false);
	fill_site(m, act, 43, 1, false);
	fill_site(m, out, 44, 1, false);
	for (int b = 0; b < digits->depth; b++)
		fill_site(m, site_in(SITE_BLOCK, b), 45 + (unsigned)b, 1, false);
	fill(made_values(m, act, SNN_INPUT), site_size(digits, act), 51, 3, false);
	fill(made_values(m, out, SNN_INPUT), site_size(digits, out), 52, 3, false);
	fill(made_values(m, out, SNN_MEMBRANE), site_size(digits, out), 53, 1, false);
	fill(made_values(m, out, SNN_THRESHOLD), site_size(digits, out), 54, 1, true);
	m->scene.selection =
	    (struct selection){.layer = LAYER, .head = HEAD, .q = QUERY, .k = KEY, .site = out, .neuron = NEURON, .unit = -1};
}

/* A network with feature maps, of which one stage is looked at. */
static void
make_residual(struct made_scene *m)
{
	struct site site = site_at(residual, 0);

	make_scene(m, residual);
	for (int i = 0; i < site_count(residual) && site.kind != SITE_RELU1; i++)
		site = site_at(residual, i);
	fill_site(m, site, 61, 1, true);
	m->scene.selection = (struct selection){.site = site, .neuron = 5, .unit = -1};
}

/* --- what studies found
 * ------------------------------------------------------- */

static struct findings *findings;
static struct ugo_lab lab;
static struct ugo ugo;
static struct ugo *ugos[] = {&ugo};
static struct log log_lines;
static struct single single;
static float single_numbers[4][24];
static struct chart_data chart = {.x_name = (char *)"t", .y_name = (char *)"accuracy", .count = 2, .x_whole = true};
static float chart_numbers[3][8];
static struct answer_cell cells[] = {{.type = QUERY_INTEGER, .integer = 1},
				     {.type = QUERY_TEXT, .text = (char *)"eval"},
				     {.type = QUERY_REAL, .real = 0.875},
				     {.type = QUERY_INTEGER, .integer = 22},
				     {.type = QUERY_TEXT, .text = (char *)"a longer text of two words"},
				     {.type = QUERY_NULL}};
static char *names[] = {(char *)"id", (char *)"kind", (char *)"accuracy"};
static int order[] = {0, 1};
static struct answer answer = {.columns = 3, .rows = 2, .name = names, .cell = cells, .order = order, .sorted_by = -1};

static void
make_ladder(void)
{
	static const char *const rungs[] = {"ann", "calibrated", "analog", "spiking"};
	static struct eval_point point[LADDER_RUNGS];
	static struct attribution_item item[3] = {{.name = "norm"}, {.name = "softmax"}, {.name = "act"}};

	for (int i = 0; i < LADDER_RUNGS; i++) {
		point[i] = (struct eval_point){.t = 4,
					       .accuracy = 0.875 - i / 64.0,
					       .agreement = 1 - i / 64.0,
					       .accuracy_in = {0.75, 0.9375},
					       .agreement_in = {0.75, 0.9375},
					       .gap = -i / 64.0,
					       .gap_in = {-0.125, 0},
					       .logit_rmse = i / 16.0,
					       .logit_rmse_in = {i / 32.0, i / 8.0}};
		findings->ladder.rung[i] =
		    (struct ladder_rung){.name = rungs[i],
					 .done = true,
					 .result = {.images = 64, .ann_accuracy = 0.875, .point = &point[i], .points = 1}};
	}
	findings->ladder.t = 4;
	findings->ladder.seconds = 2;
	for (int i = 0; i < 3; i++) {
		item[i].accuracy = 0.875 - i / 32.0;
		item[i].agreement = 1 - i / 32.0;
		item[i].logit_rmse = (i + 1) / 16.0;
		item[i].excess = (i + 1) / 256.0;
		item[i].done = true;
	}
	findings->attribution = (struct attribution){.nothing = {"nothing", 0.875, 1, 0, 0, true},
						     .full = {"all", 0.8125, 0.9375, 0.25, 0.0625, true},
						     .item = item,
						     .items = 3,
						     .sum = 6 / 256.0,
						     .interaction = 10 / 256.0,
						     .t = 4,
						     .images = 64,
						     .ann_accuracy = 0.875,
						     .seconds = 3};
}

static void
make_profile(void)
{
	static double step[STEPS] = {0.5, 0.25, 0.125, 0.125, 0.25, 0.125};
	struct profile *p = &findings->profile;

	*p = (struct profile){
	    .steps = STEPS, .repeats = 5, .step = step, .run = 1.375, .reference = 0.0625, .sites = site_count(digits)};
	p->site = calloc((size_t)p->sites, sizeof(*p->site));
	assert_non_null(p->site);
	for (int i = 0; i < p->sites; i++)
		p->site[i] = (struct profile_site){fabsf(number((size_t)i, 71)) / 64, 10 * i, 12 * i, 100 * i, 1000 * i};
	p->state_bytes = 1 << 20;
	memcpy(p->hash, made.plan.hash, sizeof(p->hash));
}

/* One row a step and site of the network, one a site of the reference. */
static struct ledger *
make_ledger(const struct plan *plan, int steps, unsigned salt)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	assert_non_null(ledger);
	*ledger = (struct ledger){.model = digits, .plan = plan, .steps = steps, .sites = site_count(digits), .pictures = 4};
	ledger->row = calloc((size_t)(steps * ledger->sites), sizeof(*ledger->row));
	assert_non_null(ledger->row);
	for (int i = 0; i < steps * ledger->sites; i++)
		for (int q = 0; q < LEDGER_QUANTITIES; q++)
			ledger->row[i].n[q] =
			    (uint64_t)(64 * fabsf(number((size_t)(i * LEDGER_QUANTITIES + q), salt))) * (plan ? 1 : 8);
	return ledger;
}

static void
make_energy(void)
{
	struct energy_finding *e = &findings->energy;
	struct status st = {0};

	e->network = make_ledger(&made.plan, STEPS, 61);
	e->reference = make_ledger(NULL, 1, 62);
	if (!rules_load(&e->rules, NULL, &st))
		fail_msg("%s", st.message);
	strcpy(e->rule, e->rules.rule[0].name);
	memcpy(e->plan, made.plan.hash, sizeof(e->plan));
}

static void
make_front(void)
{
	static struct tune_candidate candidate[4];
	struct tune_finding *f = &findings->tune;

	for (int i = 0; i < 4; i++) {
		candidate[i] = (struct tune_candidate){.stage = TUNE_SEARCH, .images = 64, .points = 2, .best = 1};
		for (int k = 0; k < 2; k++)
			candidate[i].point[k] = (struct tune_point){.t = 2 + 2 * k,
								    .energy = 0.25 + i / 8.0 + k / 16.0,
								    .accuracy = 0.875,
								    .agreement = 0.96875,
								    .squared_error = 0.25 / (1 + i) - k / 32.0,
								    .drop = 0.015625,
								    .expected = 0.0078125};
	}
	f->tune = (struct tune){.candidate = candidate, .candidates = 4, .chosen = 2, .held = -1, .met = true};
	strcpy(f->rule, "event");
	strcpy(f->name, "cheap");
}

static void
make_lab(void)
{
	static const double t[] = {-3, -1.5, -0.5, 0.25, 1, 3}, y[] = {0, -0.125, -0.1875, 0.125, 0.8125, 3};
	struct status st = {0};

	if (!ugo_of_nodes(&ugo, t, y, 6, &st) || !ugo_aim(&ugo, FUNCTION_GELU, -3, 3, &st))
		fail_msg("%s", st.message);
	strcpy(ugo.name, "gelu-4");
	lab = (struct ugo_lab){
	    .name = "gelu-4", .sizes = 4, .sizes_of = "gelu on [-3, 3]", .loss_of = "gelu-4", .map_of = "gelu on [-3, 3]"};
	for (int i = 0; i < 4; i++)
		lab.size[i] = (struct lab_size){.hidden = 2 << i,
						.rmse = 0.25 / (1 << 2 * i),
						.max_error = 0.5 / (1 << 2 * i),
						.limit_rmse = 0.1875 / (1 << 2 * i),
						.limit_max_error = 0.375 / (1 << 2 * i)};
	for (int i = 0; i < 8; i++)
		lab.loss.point[i] = (struct train_point){1 << i, 1.0 / (1 << i), 0.5 / (1 << i)};
	lab.loss.count = 8;
	for (int i = 0; i < 6; i++)
		lab.map.cell[i] = (struct spike_cell){.hidden = i < 3 ? 4 : 8,
						      .T = 4 << i % 3,
						      .front = i % 2 == 0,
						      .result = {.rmse = 0.25 / (i + 1), .spikes = 4 + 8 * i}};
	lab.map.count = 6;
	lab.observed = (struct observation){digits, 4, calloc((size_t)site_count(digits), sizeof(struct observed))};
	assert_non_null(lab.observed.site);
	for (int i = 0; i < site_count(digits); i++) {
		struct observed *o = &lab.observed.site[i];

		*o = (struct observed){.lo = -4, .hi = 4};
		for (int k = 0; k < OBSERVE_BINS; k++)
			o->count += o->histogram[k] =
			    (double)(OBSERVE_BINS - abs(2 * k - OBSERVE_BINS)) + 64 * fabsf(number((size_t)k, 81));
	}
}

static void
make_rest(void)
{
	static const char lines[] = "a result\nanother one";

	log_add(&log_lines, LOG_COMMAND, "step 4", 6);
	log_add(&log_lines, LOG_RESULT, lines, sizeof(lines) - 1);
	log_add(&log_lines, LOG_ERROR, "error: it failed", 16);
	for (int i = 0; i < 3; i++)
		fill(chart_numbers[i], 8, 91 + (unsigned)i, 0.5f, true);
	for (int i = 0; i < 8; i++)
		chart_numbers[0][i] = (float)(i + 1);
	chart.series[0] = (struct chart_series){(char *)"sta", chart_numbers[0], chart_numbers[1], 8, 8};
	chart.series[1] = (struct chart_series){(char *)"delta", chart_numbers[0], chart_numbers[2], 8, 8};
	single.settings = single_defaults(NEURON_LIF);
	single.settings.steps = 24;
	for (int i = 0; i < 4; i++)
		fill(single_numbers[i], 24, 95 + (unsigned)i, 0.5f, i != 2);
	for (int i = 0; i < 24; i++)
		single_numbers[2][i] = i % 5 == 4;
	single.trace = (struct single_trace){
	    24, single_numbers[0], single_numbers[1], single_numbers[2], single_numbers[3], 4, 4, 0.25, 0.25};
	for (int i = 0; i < SINGLE_CURVE; i++) {
		single.curve.current[i] = (float)i / 16;
		single.curve.rate[i] = i < 8 ? 0 : (float)(i - 8) / 64;
		single.curve.theory[i] = i < 8 ? 0 : (float)(i - 7) / 64;
	}
}

static int
fail_setup(const struct status *st)
{
	fprintf(stderr, "%s\n", st->message);
	return -1;
}

static bool
give_classes(struct model *model, struct status *st)
{
	static const char *const labels[] = {"a cat", "a dog"};
	int width = model->projection.out;
	float *embeddings = calloc((size_t)(2 * width), sizeof(*embeddings));
	bool ok;

	assert_non_null(embeddings);
	embeddings[0] = embeddings[width + 1] = 1;
	ok = model_set_classes(model, 2, labels, embeddings, "made", st);
	free(embeddings);
	return ok;
}

static int
setup(void **state)
{
	struct status st = {0};

	(void)state;
	digits = model_load("examples/digits-vit", &st);
	residual = digits ? model_load("tests/fixtures/open_clip_rn", &st) : NULL;
	if (residual && !give_classes(residual, &st))
		return fail_setup(&st);
	findings = findings_new();
	if (!residual || !findings)
		return fail_setup(&st);
	make_transformer(&made);
	make_transformer(&other);
	strcpy(other.plan.recipe, "other");
	for (int t = 0; t < STEPS; t++)
		other.step[t].logit_rmse /= 2;
	make_residual(&of_residual);
	make_ladder();
	make_profile();
	make_energy();
	make_front();
	make_lab();
	make_rest();
	made.scene.findings = findings;
	made.scene.lab = &lab;
	made.scene.ugo = ugos;
	made.scene.ugos = 1;
	made.scene.ugo_shown = &ugo;
	made.scene.answer = &answer;
	made.scene.chart = &chart;
	made.scene.log = &log_lines;
	made.scene.single = &single;
	made.scene.lesson = &lessons[2];
	made.scene.lesson_number = 3;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free(findings->profile.site);
	energy_finding_done(&findings->energy);
	free(lab.observed.site);
	free(findings);
	ugo_done(&ugo);
	log_done(&log_lines);
	made_scene_done(&made);
	made_scene_done(&other);
	made_scene_done(&of_residual);
	model_free(digits);
	model_free(residual);
	return 0;
}

/* --- comparing
 * ---------------------------------------------------------------- */

static uint64_t
row_number(const struct canvas *canvas, int y)
{
	char hex[HASH_HEX];
	uint32_t row[4 * CANVAS_SIDE_MAX];

	for (int x = 0; x < canvas->w; x++) {
		const struct cell *c = &canvas->cell[y * canvas->w + x];

		row[4 * x] = c->ch;
		row[4 * x + 1] = c->fg;
		row[4 * x + 2] = c->bg;
		row[4 * x + 3] = c->attr;
	}
	hash_of(row, 4 * sizeof(*row) * (size_t)canvas->w, hex);
	return strtoull((char[]){hex[0], hex[1], hex[2], hex[3], hex[4], hex[5], hex[6], hex[7], '\0'}, NULL, 16);
}

/* What is drawn, as lines or as a number a row. */
static void
write_section(FILE *out, const struct scene *scene, const struct view *view, int w, int h, struct canvas_style style,
	      bool numbers)
{
	struct view_args args = {.framed = true};
	struct canvas canvas = {0};

	assert_true(canvas_init(&canvas, w, h, style));
	view_draw_alone(scene, view, &args, &canvas);
	fprintf(out, "== %dx%d%s%s\n", w, h, style.unicode ? "" : " ascii", style.palette == PALETTE_NONE ? "" : " coloured");
	for (int y = 0; numbers && y < h; y++)
		fprintf(out, "row %d: %08llx\n", y + 1, (unsigned long long)row_number(&canvas, y));
	if (!numbers)
		canvas_text_write(&canvas, out);
	canvas_done(&canvas);
}

/* All sizes and styles of a view; the caller frees. */
static char *
golden_text(const struct scene *scene, const struct view *view)
{
	static const struct {
		int w, h;
		struct canvas_style style;
		bool numbers;
	} sections[] = {{80, 24, {.palette = PALETTE_NONE, .unicode = true}, false},
			{120, 40, {.palette = PALETTE_NONE, .unicode = true}, false},
			{80, 24, {.palette = PALETTE_NONE}, false},
			{120, 40, {.palette = PALETTE_NONE}, true},
			{80, 24, {.palette = PALETTE_256, .unicode = true}, true},
			{120, 40, {.palette = PALETTE_256, .unicode = true}, true},
			{80, 24, {.palette = PALETTE_8}, true},
			{120, 40, {.palette = PALETTE_RGB, .unicode = true, .light = true}, true}};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		write_section(out, scene, view, sections[i].w, sections[i].h, sections[i].style, sections[i].numbers);
	fclose(out);
	return text;
}

static void
write_golden(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file)
		fail_msg("%s cannot be written", path);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static char *
read_golden(const char *path)
{
	char *text = calloc(1, GOLDEN_SIZE);
	FILE *file = fopen(path, "r");

	assert_non_null(text);
	if (!file)
		fail_msg("%s is missing; `make goldens` writes it", path);
	assert_true(fread(text, 1, GOLDEN_SIZE - 1, file) < GOLDEN_SIZE - 1);
	fclose(file);
	return text;
}

/* Where two texts part, with the section and the lines. */
static void
fail_where(const char *path, const char *was, const char *is)
{
	const char *line = was, *other_line = is, *section = was;

	for (size_t i = 0; was[i] && was[i] == is[i]; i++)
		if (was[i] == '\n') {
			line = was + i + 1;
			other_line = is + i + 1;
			if (strncmp(line, "== ", 3) == 0)
				section = line;
		}
	fail_msg("%s, %.*s:\n  was %.*s\n  is  %.*s\n`make goldens` shows all and "
		 "keeps it",
		 path, (int)strcspn(section, "\n"), section, (int)strcspn(line, "\n"), line, (int)strcspn(other_line, "\n"),
		 other_line);
}

static void
compare(const char *name, const struct scene *scene, const struct view *view)
{
	char *is = golden_text(scene, view), *was, path[100];

	snprintf(path, sizeof(path), "%s/%s.txt", GOLDENS, name);
	if (getenv("UPDATE"))
		write_golden(path, is);
	was = read_golden(path);
	if (strcmp(was, is) != 0)
		fail_where(path, was, is);
	free(was);
	free(is);
}

/* --- tests
 * -------------------------------------------------------------------- */

static void
every_view_is_what_it_was(void **state)
{
	(void)state;
	for (int i = 0; i < VIEW_COUNT; i++)
		compare(view_table[i]->name, strcmp(view_table[i]->name, "features") == 0 ? &of_residual.scene : &made.scene,
			view_table[i]);
}

static void
views_of_two_plans_are_what_they_were(void **state)
{
	static const char *const of_two[] = {"attention", "residual", "readout", "raster", "neuron", "selected", "product"};
	char name[40];

	(void)state;
	made.scene.second = &other.scene;
	for (size_t i = 0; i < sizeof(of_two) / sizeof(*of_two); i++) {
		snprintf(name, sizeof(name), "split-%s", of_two[i]);
		compare(name, &made.scene, view_find(of_two[i], NULL));
	}
	made.scene.second = NULL;
}

/* Nothing loaded: what each view says to type. */
static void
views_without_anything_are_what_they_were(void **state)
{
	const struct scene nothing = {.selection = {.unit = -1}, .label = -1};
	struct canvas canvas = {0};
	struct view_args args = {.framed = true};
	char *text = NULL, *was;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (int i = 0; i < VIEW_COUNT; i++) {
		fprintf(out, "== %s\n", view_table[i]->name);
		assert_true(canvas_init(&canvas, 60, 8, (struct canvas_style){.unicode = true}));
		view_draw_alone(&nothing, view_table[i], &args, &canvas);
		canvas_text_write(&canvas, out);
	}
	canvas_done(&canvas);
	fclose(out);
	if (getenv("UPDATE"))
		write_golden(GOLDENS "/nothing.txt", text);
	was = read_golden(GOLDENS "/nothing.txt");
	if (strcmp(was, text) != 0)
		fail_where(GOLDENS "/nothing.txt", was, text);
	free(was);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_view_is_what_it_was),
	    cmocka_unit_test(views_of_two_plans_are_what_they_were),
	    cmocka_unit_test(views_without_anything_are_what_they_were),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, setup, teardown);
}
