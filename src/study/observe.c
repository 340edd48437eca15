#include "study/observe.h"

#include "ann/ann.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PASS_PICTURES = 8 };

struct watcher {
	struct observation *observation;
	bool counting; /* the second pass: ranges are known */
};

static void
see_range(struct observed *o, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		o->lo = fmin(o->lo, (double)x[i]);
		o->hi = fmax(o->hi, (double)x[i]);
	}
}

static void
see_counts(struct observed *o, const float *x, size_t n)
{
	double scale = o->hi > o->lo ? OBSERVE_BINS / (o->hi - o->lo) : 0;

	for (size_t i = 0; i < n; i++) {
		int bin = (int)(((double)x[i] - o->lo) * scale);

		o->histogram[bin < 0 ? 0 : bin < OBSERVE_BINS ? bin : OBSERVE_BINS - 1]++;
	}
	o->count += (double)n;
}

static void
see(void *ctx, struct site site, int pictures, const float *input, float *data)
{
	struct watcher *w = ctx;
	const struct model *model = w->observation->model;
	struct observed *o = &w->observation->site[site_index(model, site)];
	size_t n = site_size(model, site) * (size_t)pictures;

	(void)data;
	if (!input)
		return;
	if (w->counting)
		see_counts(o, input, n);
	else
		see_range(o, input, n);
}

static bool
pass(struct watcher *w, struct ann *ann, const float *pixels, float *logits, const struct progress *progress, struct status *st)
{
	const struct model *model = w->observation->model;
	size_t picture = (size_t)model->channels * (size_t)model->image_size * (size_t)model->image_size;
	struct ann_observer observer = {see, w};
	int all = w->observation->pictures;

	for (int at = 0; at < all; at += PASS_PICTURES) {
		int n = all - at < PASS_PICTURES ? all - at : PASS_PICTURES;

		if (!progress_report(progress, "observe", at + (w->counting ? all : 0), 2 * all))
			return status_fail(st, STATUS_CANCELLED, "observing stopped; nothing was kept");
		if (!ann_forward(ann, pixels + (size_t)at * picture, n, logits, &observer, st))
			return false;
	}
	return true;
}

bool
observe(struct observation *observation, const struct model *model, const float *pixels, int pictures,
	const struct progress *progress, struct status *st)
{
	int sites = site_count(model);
	struct ann *ann = ann_new(model, PASS_PICTURES, st);
	float *logits = calloc((size_t)PASS_PICTURES * (size_t)model->classes, sizeof(float));
	struct watcher w = {observation, false};
	bool ok;

	*observation = (struct observation){model, pictures, calloc((size_t)sites, sizeof(struct observed))};
	ok = (ann && logits && observation->site) || status_nomem(st, "observing");
	for (int i = 0; ok && i < sites; i++) {
		observation->site[i].lo = INFINITY;
		observation->site[i].hi = -INFINITY;
	}
	ok = ok && pass(&w, ann, pixels, logits, progress, st);
	w.counting = true;
	ok = ok && pass(&w, ann, pixels, logits, progress, st);
	ann_free(ann);
	free(logits);
	if (!ok)
		observation_done(observation);
	return ok;
}

void
observation_done(struct observation *observation)
{
	free(observation->site);
	*observation = (struct observation){0};
}

double
observed_spread(const struct observed *observed, double lo, double hi, double *out, int bins)
{
	double width = (observed->hi - observed->lo) / OBSERVE_BINS, outside = 0;

	memset(out, 0, sizeof(*out) * (size_t)bins);
	for (int i = 0; i < OBSERVE_BINS; i++) {
		double x = observed->lo + width * (i + 0.5);
		int bin = (int)floor((x - lo) / (hi - lo) * bins);

		if (bin < 0 || bin >= bins)
			outside += observed->histogram[i];
		else
			out[bin] += observed->histogram[i];
	}
	return observed->count > 0 ? outside / observed->count : 0;
}
