-- What makes a notebook whole: runs that can be repeated and shared, sessions that
-- can be reopened, questions with names, tensors, and packed site measurements.

-- uid names a run or session in every notebook it is copied to. state is the
-- session's before the command that made the run: what a replay starts from.
ALTER TABLE runs ADD COLUMN uid TEXT;
ALTER TABLE runs ADD COLUMN state TEXT;
ALTER TABLE sessions ADD COLUMN uid TEXT;
UPDATE runs SET uid = host || '/' || process_start || '/' || pid || '/' || id || '/' || started;
UPDATE sessions SET uid = id || '/' || created;
CREATE UNIQUE INDEX runs_by_uid ON runs(uid);
CREATE UNIQUE INDEX sessions_by_uid ON sessions(uid);
DROP INDEX commands_by_session;
CREATE INDEX commands_by_session ON commands(session_id, started);
CREATE INDEX runs_by_kind ON runs(kind);
CREATE INDEX runs_by_start ON runs(started);

-- The state of a session after each command that changed it: a JSON object.
CREATE TABLE session_states(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	session_id INTEGER NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
	command_id INTEGER REFERENCES commands(id) ON DELETE SET NULL,
	state TEXT NOT NULL,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT;
CREATE INDEX session_states_by_session ON session_states(session_id);
CREATE INDEX session_states_by_command ON session_states(command_id);

CREATE TABLE questions(
	name TEXT NOT NULL PRIMARY KEY,
	sql TEXT NOT NULL,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT, WITHOUT ROWID;

-- What was kept on request: dtype F32 or I8, little-endian, compressed by zlib.
CREATE TABLE tensors(
	id INTEGER PRIMARY KEY,
	run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
	site TEXT NOT NULL,
	quantity TEXT NOT NULL,
	t INTEGER NOT NULL,
	dtype TEXT NOT NULL CHECK (dtype IN ('F32', 'I8')),
	shape TEXT NOT NULL,
	data BLOB NOT NULL,
	UNIQUE (run_id, site, quantity, t)
) STRICT;

-- The sites that packed measurements are of: names in forward order, one a line.
CREATE TABLE site_lists(
	id INTEGER PRIMARY KEY,
	names TEXT NOT NULL UNIQUE
) STRICT;

-- Site measurements of the steps first_t, first_t + 1, ... of a run, as F32
-- little-endian [steps, sites, 7]: rmse, relative, cosine, rate, events, spikes,
-- alarms; NaN where a site has none. A row for each of these numbers would take
-- five times the space and ten times as long. The program's table site_steps unpacks them.
CREATE TABLE step_spans(
	id INTEGER PRIMARY KEY,
	run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
	first_t INTEGER NOT NULL,
	steps INTEGER NOT NULL,
	site_list_id INTEGER NOT NULL REFERENCES site_lists(id),
	data BLOB NOT NULL,
	UNIQUE (run_id, first_t)
) STRICT;
CREATE INDEX step_spans_by_site_list ON step_spans(site_list_id);

DROP VIEW v_runs;
CREATE VIEW v_runs AS
SELECT r.id AS run, r.kind, r.status, r.started, r.seconds, s.name AS session, m.name AS model, p.recipe, p.T,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'accuracy' ORDER BY t DESC LIMIT 1) AS accuracy,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'ann_accuracy' ORDER BY t DESC LIMIT 1) AS ann_accuracy,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'logit_rmse' ORDER BY t DESC LIMIT 1) AS logit_rmse,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'spikes_per_image' ORDER BY t DESC LIMIT 1)
		AS spikes_per_image,
	d.path AS data, d.images, r.seed, r.threads, r.version, r.host, r.peak_memory_bytes, r.model_hash, r.plan_hash,
	r.dataset_hash, c.line AS command, r.message
FROM runs AS r
	LEFT JOIN sessions AS s ON s.id = r.session_id
	LEFT JOIN commands AS c ON c.id = r.command_id
	LEFT JOIN models AS m ON m.hash = r.model_hash
	LEFT JOIN plans AS p ON p.hash = r.plan_hash
	LEFT JOIN datasets AS d ON d.hash = r.dataset_hash;

DROP VIEW v_site_metrics;
CREATE VIEW v_site_metrics AS
SELECT run, t, site, 'rmse' AS name, rmse AS value FROM site_steps WHERE rmse IS NOT NULL
UNION ALL SELECT run, t, site, 'relative', relative FROM site_steps WHERE relative IS NOT NULL
UNION ALL SELECT run, t, site, 'cosine', cosine FROM site_steps WHERE cosine IS NOT NULL
UNION ALL SELECT run, t, site, 'rate', rate FROM site_steps WHERE rate IS NOT NULL
UNION ALL SELECT run, t, site, 'events', events FROM site_steps WHERE events IS NOT NULL
UNION ALL SELECT run, t, site, 'spikes', spikes FROM site_steps WHERE spikes IS NOT NULL
UNION ALL SELECT run, t, site, 'alarms', alarms FROM site_steps WHERE alarms IS NOT NULL
UNION ALL SELECT x.run_id, x.t, s.name, n.name, x.value
FROM site_metrics AS x
	CROSS JOIN sites AS s ON s.id = x.site_id
	CROSS JOIN metric_names AS n ON n.id = x.name_id;

-- The last step of each run, sites in forward order.
DROP VIEW v_layer_error;
CREATE VIEW v_layer_error AS
SELECT r.id AS run, m.name AS model, p.recipe, p.T AS plan_T, e.t, e.site, e.rmse, e.relative, e.cosine, e.rate, e.alarms,
	r.plan_hash
FROM runs AS r
	LEFT JOIN models AS m ON m.hash = r.model_hash
	LEFT JOIN plans AS p ON p.hash = r.plan_hash
	CROSS JOIN site_steps AS e
WHERE e.run = r.id AND e.last = 1
UNION ALL
SELECT r.id, m.name, p.recipe, p.T, e.t, s.name, e.value,
	(SELECT value FROM site_metrics WHERE run_id = r.id AND t = e.t AND site_id = e.site_id
		AND name_id = (SELECT id FROM metric_names WHERE name = 'relative')),
	(SELECT value FROM site_metrics WHERE run_id = r.id AND t = e.t AND site_id = e.site_id
		AND name_id = (SELECT id FROM metric_names WHERE name = 'cosine')),
	(SELECT value FROM site_metrics WHERE run_id = r.id AND t = e.t AND site_id = e.site_id
		AND name_id = (SELECT id FROM metric_names WHERE name = 'rate')),
	(SELECT value FROM site_metrics WHERE run_id = r.id AND t = e.t AND site_id = e.site_id
		AND name_id = (SELECT id FROM metric_names WHERE name = 'alarms')),
	r.plan_hash
FROM runs AS r
	CROSS JOIN site_metrics AS e ON e.run_id = r.id AND e.t = (SELECT max(t) FROM site_metrics WHERE run_id = r.id)
		AND e.name_id = (SELECT id FROM metric_names WHERE name = 'rmse')
	CROSS JOIN sites AS s ON s.id = e.site_id
	LEFT JOIN models AS m ON m.hash = r.model_hash
	LEFT JOIN plans AS p ON p.hash = r.plan_hash;

-- How often each class was taken for each other one, by the spiking network and by the reference.
CREATE VIEW v_confusion AS
SELECT run_id AS run, 'snn' AS network, t, label, snn AS predicted, count(*) AS pictures
FROM predictions WHERE label IS NOT NULL AND snn IS NOT NULL GROUP BY run_id, t, label, snn
UNION ALL
SELECT run_id, 'ann', t, label, ann, count(*)
FROM predictions WHERE label IS NOT NULL AND ann IS NOT NULL GROUP BY run_id, t, label, ann;

-- Of all plans and steps that were evaluated, those that no other of the same model
-- and data set beats in both accuracy and spikes. Of several evaluations of a plan
-- the one of most pictures counts, of these the last.
CREATE VIEW v_best_plans AS
SELECT model, recipe, plan_T, t, accuracy, spikes_per_image, images, data, run, plan_hash
FROM (
	SELECT m.name AS model, p.recipe, p.T AS plan_T, a.t, a.value AS accuracy, s.value AS spikes_per_image, e.images, d.path AS data,
		e.run, e.plan_hash,
		max(a.value) OVER (PARTITION BY p.model_hash, e.dataset_hash ORDER BY s.value, a.value DESC
			ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS cheaper
	FROM (
			SELECT r.id AS run, r.plan_hash, r.dataset_hash, i.value AS images, max(i.value * 1e12 + r.id)
			FROM runs AS r CROSS JOIN run_metrics AS i ON i.run_id = r.id AND i.name = 'images' AND i.t = 0
			WHERE r.kind = 'eval' AND r.status = 'done' AND r.plan_hash IS NOT NULL
			GROUP BY r.plan_hash, r.dataset_hash
		) AS e
		CROSS JOIN plans AS p ON p.hash = e.plan_hash
		LEFT JOIN models AS m ON m.hash = p.model_hash
		LEFT JOIN datasets AS d ON d.hash = e.dataset_hash
		CROSS JOIN run_metrics AS a ON a.run_id = e.run AND a.name = 'accuracy'
		CROSS JOIN run_metrics AS s ON s.run_id = e.run AND s.name = 'spikes_per_image' AND s.t = a.t
)
WHERE cheaper IS NULL OR accuracy > cheaper
ORDER BY model, data, spikes_per_image;
