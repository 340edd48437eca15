/* The plan of a report, by place. */
#include "ui/report/report.h"

#include "db/store.h"
#include "ui/commands/commands.h"

#include <stdlib.h>
#include <string.h>

/* One place of all blocks, where blocks may differ. */
struct place {
	char name[SITE_NAME_MAX], neuron[40], function[40];
	long levels[2], hidden[2], refine;
	bool any;
};

static void
widen(long bound[2], bool any, long value)
{
	bound[0] = any && bound[0] < value ? bound[0] : value;
	bound[1] = any && bound[1] > value ? bound[1] : value;
}

static const char *
place_name(const char *site)
{
	const char *dot = strncmp(site, "blocks.", 7) == 0 ? strchr(site + 7, '.') : NULL;

	return dot ? dot + 1 : site;
}

/* The places of a plan's canonical JSON; returns how many. */
static int
read_places(const json_t *json, struct place *place, int most)
{
	const json_t *site;
	size_t i;
	int n = 0;

	json_array_foreach(json_object_get(json, "sites"), i, site)
	{
		const char *name = json_string_value(json_object_get(site, "site"));
		const char *neuron = json_string_value(json_object_get(site, "neuron"));
		const char *function = json_string_value(json_object_get(site, "function"));
		const json_t *ugo = json_object_get(site, "ugo"), *levels = json_object_get(site, "levels");
		int k = 0;

		levels = levels ? levels : json_object_get(site, "burst");
		if (!name || !neuron || !function || (strcmp(neuron, "graded") == 0 && strcmp(function, "none") == 0))
			continue;
		while (k < n && strcmp(place[k].name, place_name(name)) != 0)
			k++;
		if (k == most)
			continue;
		n = k == n ? n + 1 : n;
		snprintf(place[k].name, sizeof(place[k].name), "%s", place_name(name));
		snprintf(place[k].neuron, sizeof(place[k].neuron), "%s", neuron);
		snprintf(place[k].function, sizeof(place[k].function), "%s", function);
		widen(place[k].levels, place[k].any, (long)json_integer_value(levels));
		widen(place[k].hidden, place[k].any, (long)json_integer_value(json_object_get(ugo, "hidden")));
		place[k].refine = (long)json_integer_value(json_object_get(site, "refine"));
		place[k].any = true;
	}
	return n;
}

static void
put_bounds(const long bound[2], char out[40])
{
	if (bound[1] == 0)
		snprintf(out, 40, "-");
	else if (bound[0] == bound[1])
		snprintf(out, 40, "%ld", bound[0]);
	else
		snprintf(out, 40, "%ld to %ld", bound[0], bound[1]);
}

static bool
put_places(struct report *r, const json_t *json, struct status *st)
{
	enum { MOST = 40, COLUMNS = 6 };
	static const char *const names[COLUMNS] = {"place (all blocks)", "neuron",   "levels or burst",
						   "halvings",           "function", "UGO size"};
	struct place *place = calloc(MOST, sizeof(*place));
	char text[MOST][3][40];
	const char *cell[(MOST + 1) * COLUMNS];
	int n;

	if (!place)
		return status_nomem(st, "a report");
	memcpy(cell, names, sizeof(names));
	n = read_places(json, place, MOST);
	for (int i = 0; i < n; i++) {
		const long refine[2] = {place[i].refine, place[i].refine};
		const char **row = cell + (i + 1) * COLUMNS;

		put_bounds(place[i].levels, text[i][0]);
		put_bounds(refine, text[i][1]);
		put_bounds(place[i].hidden, text[i][2]);
		row[0] = place[i].name;
		row[1] = place[i].neuron;
		row[2] = text[i][0];
		row[3] = text[i][1];
		row[4] = place[i].function;
		row[5] = text[i][2];
	}
	document_cells(r->d, cell, n, COLUMNS);
	free(place);
	return true;
}

bool
report_plan(struct report *r, struct status *st)
{
	char hash[HASH_HEX];
	char *text = plan_description(r->app, r->plan, hash, st);
	json_t *json = text ? json_loads(text, 0, NULL) : NULL;
	bool ok;

	free(text);
	if (st->code != STATUS_OK)
		return false;
	document_heading(r->d, "The plan");
	document_text(r->d, "Plan %s: recipe %s for T = %lld, %s-decoded trains, calibrated with %lld pictures.", r->plan,
		      json_string_value(json_object_get(json, "recipe")),
		      (long long)json_integer_value(json_object_get(json, "T")),
		      json_string_value(json_object_get(json, "decoding")),
		      (long long)json_integer_value(json_object_get(json, "calibration_pictures")));
	ok = put_places(r, json, st);
	json_decref(json);
	return ok;
}
