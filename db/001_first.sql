-- Things are named by the hash of their content, so that notebooks can be merged.
-- Times are UTC, 2026-01-31T12:00:00.123Z.

CREATE TABLE models(
	hash TEXT NOT NULL PRIMARY KEY,
	name TEXT,
	family TEXT,
	path TEXT,
	parameters INTEGER,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT, WITHOUT ROWID;

CREATE TABLE datasets(
	hash TEXT NOT NULL PRIMARY KEY,
	path TEXT,
	images INTEGER,
	classes INTEGER,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT, WITHOUT ROWID;

-- weights: rows w1, b1, w2 and, in segment form, the saturation h.
CREATE TABLE ugos(
	id INTEGER PRIMARY KEY,
	hash TEXT NOT NULL,
	name TEXT NOT NULL,
	function TEXT,
	lo REAL,
	hi REAL,
	hidden INTEGER NOT NULL,
	form TEXT NOT NULL CHECK (form IN ('relu', 'segment')),
	rmse REAL,
	max_error REAL,
	weights BLOB NOT NULL,
	dtype TEXT NOT NULL,
	shape TEXT NOT NULL,
	b2 REAL,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
	UNIQUE (name, hash)
) STRICT;
CREATE INDEX ugos_by_size ON ugos(function, lo, hi, hidden, rmse);

CREATE TABLE plans(
	hash TEXT NOT NULL PRIMARY KEY,
	model_hash TEXT NOT NULL REFERENCES models(hash),
	recipe TEXT NOT NULL,
	T INTEGER NOT NULL,
	json TEXT NOT NULL,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT, WITHOUT ROWID;
CREATE INDEX plans_by_model ON plans(model_hash);

-- Numbers of sessions and runs are cited elsewhere, so they are never used again.
CREATE TABLE sessions(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL UNIQUE,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
	note TEXT NOT NULL DEFAULT ''
) STRICT;

-- host, pid and process_start tell whether the process behind a row is still there.
CREATE TABLE commands(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	session_id INTEGER REFERENCES sessions(id) ON DELETE CASCADE,
	line TEXT NOT NULL,
	host TEXT NOT NULL,
	pid INTEGER NOT NULL,
	process_start TEXT NOT NULL,
	started TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
	seconds REAL,
	status TEXT NOT NULL DEFAULT 'running'
		CHECK (status IN ('running', 'done', 'failed', 'cancelled', 'interrupted')),
	message TEXT
) STRICT;
CREATE INDEX commands_by_session ON commands(session_id);
CREATE INDEX commands_running ON commands(host) WHERE status = 'running';

CREATE TABLE runs(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	session_id INTEGER REFERENCES sessions(id) ON DELETE CASCADE,
	command_id INTEGER REFERENCES commands(id) ON DELETE SET NULL,
	kind TEXT NOT NULL,
	model_hash TEXT REFERENCES models(hash),
	plan_hash TEXT REFERENCES plans(hash),
	dataset_hash TEXT REFERENCES datasets(hash),
	seed INTEGER NOT NULL,
	version TEXT NOT NULL,
	threads INTEGER NOT NULL,
	host TEXT NOT NULL,
	pid INTEGER NOT NULL,
	process_start TEXT NOT NULL,
	started TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
	seconds REAL,
	peak_memory_bytes INTEGER,
	status TEXT NOT NULL DEFAULT 'running'
		CHECK (status IN ('running', 'done', 'failed', 'cancelled', 'interrupted')),
	message TEXT
) STRICT;
CREATE INDEX runs_by_session ON runs(session_id);
CREATE INDEX runs_by_command ON runs(command_id);
CREATE INDEX runs_by_model ON runs(model_hash);
CREATE INDEX runs_by_plan ON runs(plan_hash);
CREATE INDEX runs_by_dataset ON runs(dataset_hash);
CREATE INDEX runs_running ON runs(host) WHERE status = 'running';

-- t = 0: of the whole run.
CREATE TABLE run_metrics(
	run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	t INTEGER NOT NULL,
	value REAL,
	PRIMARY KEY (run_id, name, t)
) STRICT, WITHOUT ROWID;

CREATE TABLE sites(
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE metric_names(
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

-- By far the largest table: small rows, in the order in which steps produce them.
-- v_site_metrics shows the names. Only run_id is checked: sites and metric_names
-- are never deleted from, and two more checks a row would cost as much as the row.
CREATE TABLE site_metrics(
	run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
	t INTEGER NOT NULL,
	site_id INTEGER NOT NULL,
	name_id INTEGER NOT NULL,
	value REAL,
	PRIMARY KEY (run_id, t, site_id, name_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE predictions(
	run_id INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
	picture INTEGER NOT NULL,
	t INTEGER NOT NULL,
	label INTEGER,
	ann INTEGER,
	snn INTEGER,
	PRIMARY KEY (run_id, picture, t)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_runs AS
SELECT r.id AS run, r.kind, r.status, r.started, r.seconds, s.name AS session, m.name AS model, p.recipe, p.T,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'accuracy' ORDER BY t DESC LIMIT 1) AS accuracy,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'ann_accuracy' ORDER BY t DESC LIMIT 1) AS ann_accuracy,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'logit_rmse' ORDER BY t DESC LIMIT 1) AS logit_rmse,
	d.path AS data, d.images, r.seed, r.threads, r.version, r.host, r.peak_memory_bytes, r.model_hash, r.plan_hash,
	r.dataset_hash, c.line AS command, r.message
FROM runs AS r
	LEFT JOIN sessions AS s ON s.id = r.session_id
	LEFT JOIN commands AS c ON c.id = r.command_id
	LEFT JOIN models AS m ON m.hash = r.model_hash
	LEFT JOIN plans AS p ON p.hash = r.plan_hash
	LEFT JOIN datasets AS d ON d.hash = r.dataset_hash;

CREATE VIEW v_site_metrics AS
SELECT x.run_id AS run, x.t, s.name AS site, n.name, x.value
FROM site_metrics AS x
	CROSS JOIN sites AS s ON s.id = x.site_id
	CROSS JOIN metric_names AS n ON n.id = x.name_id;

CREATE VIEW v_accuracy_vs_t AS
SELECT r.id AS run, m.name AS model, p.recipe, p.T AS plan_T, d.path AS data, a.t, a.value AS accuracy,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'ann_accuracy' ORDER BY t DESC LIMIT 1) AS ann_accuracy,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'agreement' AND t = a.t) AS agreement,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'logit_rmse' AND t = a.t) AS logit_rmse,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'spikes_per_image' AND t = a.t) AS spikes_per_image,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'events_per_image' AND t = a.t) AS events_per_image,
	(SELECT value FROM run_metrics WHERE run_id = r.id AND name = 'energy_ratio' AND t = a.t) AS energy_ratio,
	r.plan_hash
FROM runs AS r
	CROSS JOIN run_metrics AS a ON a.run_id = r.id AND a.name = 'accuracy'
	LEFT JOIN models AS m ON m.hash = r.model_hash
	LEFT JOIN plans AS p ON p.hash = r.plan_hash
	LEFT JOIN datasets AS d ON d.hash = r.dataset_hash;

-- The last step of each run, sites in forward order.
CREATE VIEW v_layer_error AS
SELECT r.id AS run, m.name AS model, p.recipe, p.T AS plan_T, e.t, s.name AS site, e.value AS rmse,
	(SELECT value FROM site_metrics WHERE run_id = r.id AND t = e.t AND site_id = e.site_id
		AND name_id = (SELECT id FROM metric_names WHERE name = 'relative')) AS relative,
	(SELECT value FROM site_metrics WHERE run_id = r.id AND t = e.t AND site_id = e.site_id
		AND name_id = (SELECT id FROM metric_names WHERE name = 'cosine')) AS cosine,
	(SELECT value FROM site_metrics WHERE run_id = r.id AND t = e.t AND site_id = e.site_id
		AND name_id = (SELECT id FROM metric_names WHERE name = 'rate')) AS rate,
	(SELECT value FROM site_metrics WHERE run_id = r.id AND t = e.t AND site_id = e.site_id
		AND name_id = (SELECT id FROM metric_names WHERE name = 'alarms')) AS alarms,
	r.plan_hash
FROM runs AS r
	CROSS JOIN site_metrics AS e ON e.run_id = r.id AND e.t = (SELECT max(t) FROM site_metrics WHERE run_id = r.id)
		AND e.name_id = (SELECT id FROM metric_names WHERE name = 'rmse')
	CROSS JOIN sites AS s ON s.id = e.site_id
	LEFT JOIN models AS m ON m.hash = r.model_hash
	LEFT JOIN plans AS p ON p.hash = r.plan_hash;

-- Of the UGOs for one function and range: those that no other beats in both size and error.
CREATE VIEW v_ugo_pareto AS
SELECT u.function, u.lo, u.hi, u.hidden, u.rmse, u.max_error, u.form, u.name, u.id AS ugo, u.created
FROM ugos AS u
WHERE u.function IS NOT NULL AND NOT EXISTS (
	SELECT 1 FROM ugos AS o
	WHERE o.function = u.function AND o.lo = u.lo AND o.hi = u.hi AND o.hidden <= u.hidden AND o.rmse <= u.rmse
		AND (o.hidden < u.hidden OR o.rmse < u.rmse))
ORDER BY u.function, u.lo, u.hi, u.hidden;
