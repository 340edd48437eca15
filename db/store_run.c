#include "db/store.h"
#include "db/store_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t
store_command_begin(struct store *store, int64_t session, const char *line, struct status *st)
{
	int64_t id;

	store_exec(store, STATEMENT_COMMAND_BEGIN, &id, st, "ittit", session, line, store->host, store->pid,
		   store->process_start);
	return id;
}

int64_t
store_run_begin(struct store *store, const struct record_run *r, struct status *st)
{
	int64_t id;

	store_exec(store, STATEMENT_RUN_BEGIN, &id, st, "iittttitititti", r->session, r->command, r->kind, r->model_hash,
		   r->plan_hash, r->dataset_hash, (int64_t)r->seed, r->version, (int64_t)r->threads, store->host, store->pid,
		   store->process_start, r->state, (int64_t)r->arithmetic);
	return id;
}

/* What is buffered, and the end: both or neither. */
static bool
end(struct store *store, enum statement which, const char *what, int64_t id, const struct record_end *e, struct status *st)
{
	int64_t found = 0, peak = e->peak_memory_bytes;
	bool ok;

	if (!store_begin(store, st))
		return false;
	ok = buffer_write(store, st);
	if (which == STATEMENT_RUN_END)
		ok = ok && store_exec(store, which, &found, st, "ittri", id, e->status, e->message, e->seconds, peak);
	else
		ok = ok && store_exec(store, which, &found, st, "ittr", id, e->status, e->message, e->seconds) &&
		     (!e->state || store_exec(store, STATEMENT_STATE_AFTER, NULL, st, "it", id, e->state));
	ok = buffer_written(store, store_finish(store, ok, st), st);
	return ok && (found || status_fail(st, STATUS_DATA, "%s: %s %lld is not in this database (was it deleted?)", store->path,
					   what, (long long)id));
}

bool
store_run_end(struct store *store, int64_t run, const struct record_end *e, struct status *st)
{
	return end(store, STATEMENT_RUN_END, "run", run, e, st);
}

bool
store_command_end(struct store *store, int64_t command, const struct record_end *e, struct status *st)
{
	return end(store, STATEMENT_COMMAND_END, "command", command, e, st);
}

bool
store_metric(struct store *store, int64_t run, int t, const char *name, double value, struct status *st)
{
	struct row row = {.kind = ROW_METRIC, .run = run, .t = t, .value = value, .name = intern_number(&store->names, name)};

	return row.name >= 0 ? buffer_add(store, &row, st) : status_nomem(st, "measurements");
}

bool
store_site_metric(struct store *store, int64_t run, const char *site, int t, const char *name, double value, struct status *st)
{
	struct row row = {.kind = ROW_SITE_METRIC,
			  .run = run,
			  .t = t,
			  .value = value,
			  .site = intern_number(&store->sites, site),
			  .name = intern_number(&store->names, name)};

	return row.site >= 0 && row.name >= 0 ? buffer_add(store, &row, st) : status_nomem(st, "measurements");
}

_Static_assert(sizeof(struct record_site) == SITE_VALUES * sizeof(float), "its fields are what step_spans packs");

int
store_site_list(struct store *store, const char *const *names, int count, struct status *st)
{
	size_t size = 1;
	char *joined, *end;
	int number;

	for (int i = 0; i < count; i++)
		size += strlen(names[i]) + 1;
	if (!(joined = malloc(size))) {
		status_nomem(st, "a list of sites");
		return -1;
	}
	end = joined;
	for (int i = 0; i < count; i++) {
		end = stpcpy(end, names[i]);
		*end++ = i + 1 < count ? '\n' : '\0';
	}
	number = intern_number(&store->lists, joined);
	free(joined);
	if (number < 0)
		status_nomem(st, "a list of sites");
	return number;
}

bool
store_site_step(struct store *store, int64_t run, int t, int list, const struct record_site *sites, int count, struct status *st)
{
	return buffer_add_sites(store, run, t, list, &sites[0].rmse, count, st);
}

bool
store_prediction(struct store *store, const struct record_prediction *p, struct status *st)
{
	struct row row = {.kind = ROW_PREDICTION,
			  .run = p->run,
			  .t = p->t,
			  .picture = p->picture,
			  .label = p->label,
			  .ann = p->ann,
			  .snn = p->snn,
			  .outcome = {NAN, NAN, NAN, NAN, NAN}};

	if (p->outcome) {
		const double known[5] = {p->outcome->squared_error, p->outcome->events, p->outcome->spikes,
					 p->outcome->energy_event, p->outcome->energy_unit};

		memcpy(row.outcome, known, sizeof(known));
	}
	return buffer_add(store, &row, st);
}

bool
store_flush(struct store *store, struct status *st)
{
	bool ok;

	if (store->buffer.count == 0 && store->buffer.spans == 0)
		return true;
	if (!store_begin(store, st))
		return false;
	ok = buffer_write(store, st);
	return buffer_written(store, store_finish(store, ok, st), st);
}
