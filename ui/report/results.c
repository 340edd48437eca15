/* What was measured of a plan: accuracy, tuning, ladder and energy. */
#include "ui/report/report.h"

#include "ui/output/chart_data.h"
#include "ui/scene/findings.h"

#include <string.h>

static bool
plot(struct report *r, const char *sql, struct query_value value, bool points, const char *caption, struct status *st)
{
	struct answer *a = report_ask(r, sql, value, st);
	struct chart_data *chart = a && a->rows > 1 ? chart_data_make(a, st) : NULL, *kept = r->app->chart;
	bool ok = st->code == STATUS_OK;

	if (chart) {
		chart->points = points;
		r->app->chart = chart;
		ok = report_view(r, "plot", REPORT_COLUMNS, 22, caption, st);
		r->app->chart = kept;
	}
	chart_data_free(chart);
	answer_free(a);
	return ok;
}

/* --- accuracy ------------------------------------------------------------- */

/* The evaluation of the plan that saw most pictures. */
static const char find_eval[] =
    "SELECT r.id FROM runs AS r CROSS JOIN run_metrics AS m ON m.run_id = r.id AND m.name = 'images' WHERE r.plan_hash = ?1 AND "
    "EXISTS (SELECT 1 FROM run_metrics WHERE run_id = r.id AND name = 'accuracy') ORDER BY m.value DESC, r.id DESC LIMIT 1";
/* The run itself, when it measured accuracy. */
static const char own_eval[] = "SELECT run_id FROM run_metrics WHERE run_id = ?1 AND name = 'accuracy' LIMIT 1";
static const char accuracy_sql[] =
    "SELECT t, max(CASE WHEN name = 'accuracy' THEN value END) AS accuracy, max(CASE WHEN name = 'accuracy_lo' THEN value END) "
    "AS lowest_accuracy, max(CASE WHEN name = 'accuracy_hi' THEN value END) AS highest_accuracy, max(CASE WHEN name = "
    "'agreement' THEN value END) AS agreement, max(CASE WHEN name = 'logit_rmse' THEN value END) AS logit_rmse, max(CASE WHEN "
    "name = 'spikes_per_image' THEN value END) AS spikes_per_image, max(CASE WHEN name = 'energy_ratio' THEN value END) AS "
    "energy_per_event, max(CASE WHEN name = 'energy_ratio_spikes' THEN value END) AS energy_per_unit FROM run_metrics WHERE "
    "run_id = ?1 AND t > 0 GROUP BY t ORDER BY t";
static const char curve_sql[] =
    "SELECT t, value AS accuracy, 'spikes' AS series FROM run_metrics WHERE run_id = ?1 AND name = 'accuracy' UNION ALL SELECT "
    "m.t, a.value, 'ANN' FROM run_metrics AS m JOIN run_metrics AS a ON a.run_id = m.run_id AND a.name = 'ann_accuracy' WHERE "
    "m.run_id = ?1 AND m.name = 'accuracy' ORDER BY 3, 1";
static const char session_curves_sql[] =
    "SELECT t, accuracy, coalesce(recipe || ' T ' || plan_T, 'ann') || ', run ' || run AS series FROM v_accuracy_vs_t WHERE run "
    "IN (SELECT id FROM runs WHERE session_id = ?1 AND kind IN ('eval', 'sweep') AND status = 'done' ORDER BY id DESC LIMIT 8) "
    "ORDER BY run, t";

bool
report_accuracy(struct report *r, struct status *st)
{
	int64_t run = r->run ? report_find(r, own_eval, report_number_value(r->run), st) : 0, overlap;

	if (!run && st->code == STATUS_OK)
		run = report_find(r, find_eval, report_text_value(r->plan), st);
	if (st->code != STATUS_OK)
		return false;
	document_heading(r->d, "Accuracy and time");
	if (!run) {
		document_text(r->d, "Not measured: eval N does.");
		return true;
	}
	if (!report_facts(
		r,
		"SELECT run, kind, data, (SELECT value FROM run_metrics WHERE run_id = ?1 AND name = 'images' LIMIT 1) AS "
		"pictures, ann_accuracy, command FROM v_runs WHERE run = ?1",
		report_number_value(run), st) ||
	    !report_table(r, accuracy_sql, report_number_value(run), NULL, st) ||
	    !plot(r, curve_sql, report_number_value(run), false, "accuracy by time step, against the ANN", st))
		return false;
	overlap = report_find(r, "SELECT value FROM run_metrics WHERE run_id = ?1 AND name = 'calibration_overlap'",
			      report_number_value(run), st);
	if (overlap > 0)
		document_text(r->d, "%lld of these pictures are those that the plan was calibrated with.", (long long)overlap);
	/* One evaluation alone has been drawn. */
	return r->run ||
	       report_find(r, "SELECT count(*) FROM runs WHERE session_id = ?1 AND kind IN ('eval', 'sweep')",
			   report_number_value(r->session), st) < 2 ||
	       plot(r, session_curves_sql, report_number_value(r->session), false, "evaluations of the session", st);
}

/* --- tuning --------------------------------------------------------------- */

static const char tuned_sql[] =
    "SELECT e.value AS energy_per_unit, m.value AS logit_rmse, 't ' || m.t AS series FROM runs AS r JOIN run_metrics AS m ON "
    "m.run_id = r.id AND m.name = 'logit_rmse' JOIN run_metrics AS e ON e.run_id = r.id AND e.t = m.t AND e.name = "
    "'energy_ratio_spikes' WHERE r.kind = 'tune' AND r.command_id = (SELECT command_id FROM runs WHERE id = ?1) AND m.t IN "
    "(SELECT DISTINCT t FROM run_metrics WHERE run_id = ?1 AND name = 'logit_rmse' ORDER BY t DESC LIMIT 8) ORDER BY m.t";

bool
report_tuning(struct report *r, struct status *st)
{
	int64_t run =
	    report_find(r, "SELECT max(id) FROM runs WHERE kind = 'tune' AND plan_hash = ?1", report_text_value(r->plan), st);

	if (!run)
		return st->code == STATUS_OK;
	document_heading(r->d, "How the plan was found");
	return plot(r, tuned_sql, report_number_value(run), true,
		    "every candidate that was measured: error of the logits against energy per unit spike", st);
}

/* --- the ladder ----------------------------------------------------------- */

static const char ladder_sql[] =
    "SELECT substr(name, 1, instr(name, '.') - 1) AS rung, max(CASE WHEN name LIKE '%.accuracy' THEN value END) AS accuracy, "
    "max(CASE WHEN name LIKE '%.agreement' THEN value END) AS agreement, max(CASE WHEN name LIKE '%.logit_rmse' THEN value END) "
    "AS logit_rmse FROM run_metrics WHERE run_id = ?1 AND name LIKE '%.%' GROUP BY rung ORDER BY logit_rmse IS NOT NULL, "
    "logit_rmse";

bool
report_ladder(struct report *r, struct status *st)
{
	int64_t run =
	    report_find(r, "SELECT max(id) FROM runs WHERE kind = 'ladder' AND plan_hash = ?1", report_text_value(r->plan), st);

	if (st->code != STATUS_OK)
		return false;
	document_heading(r->d, "The ladder from the ANN to spikes");
	if (run)
		return report_table(r, ladder_sql, report_number_value(run), NULL, st);
	document_text(r->d, "Not measured: ladder N does.");
	return true;
}

/* --- energy --------------------------------------------------------------- */

static const char rules_sql[] = "SELECT substr(name, 8) AS rule, value AS ratio_to_ANN FROM run_metrics WHERE run_id = ?1 AND "
				"name LIKE 'energy.%' ORDER BY value";
static const char places_sql[] =
    "SELECT CASE WHEN site GLOB 'blocks.*.*' THEN substr(site, 8 + instr(substr(site, 8), '.')) ELSE site END AS place, sum(CASE "
    "WHEN name = 'events' THEN value ELSE 0 END) AS events, sum(CASE WHEN name = 'units' THEN value ELSE 0 END) AS units, "
    "sum(CASE WHEN name = 'synapse_units' OR name = 'product_units' THEN value ELSE 0 END) AS additions_by_units, sum(CASE WHEN "
    "name = 'synapse_graded' OR name = 'product_graded' OR name = 'function_macs' THEN value ELSE 0 END) AS multiplications FROM "
    "v_site_metrics WHERE run = ?1 GROUP BY place HAVING events + multiplications + additions_by_units > 0 ORDER BY "
    "additions_by_units + 5 * multiplications DESC";

bool
report_energy(struct report *r, struct status *st)
{
	int64_t run =
	    report_find(r, "SELECT max(id) FROM runs WHERE kind = 'energy' AND plan_hash = ?1", report_text_value(r->plan), st);
	const struct energy_finding *e = &r->app->findings->energy;

	if (st->code != STATUS_OK)
		return false;
	document_heading(r->d, "Energy by rule");
	if (!run) {
		document_text(r->d, "Not counted: energy N does.");
		return true;
	}
	document_text(r->d,
		      "Counted from what fired (run %lld); the rules differ in what a spike with levels costs and in what is "
		      "left out. `energy --list` has their sources.",
		      (long long)run);
	if (!report_table(r, rules_sql, report_number_value(run), NULL, st))
		return false;
	document_text(r->d, "What fired, by place, a picture:");
	if (!report_table(r, places_sql, report_number_value(run), NULL, st))
		return false;
	return !e->network || strcmp(e->plan, r->plan) != 0 ||
	       report_view(r, "energy", REPORT_COLUMNS, 44, "energy against the ANN by rule, by place and by step", st);
}
