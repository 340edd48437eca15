-- A plan is kept whole, so that it can be opened again without its calibration
-- pictures: content is what plan_pack() of src/snn/plan.h gives;
-- NULL for plans of an older version, which have their JSON alone.
ALTER TABLE plans ADD COLUMN content BLOB;

CREATE TABLE plan_names(
	name TEXT NOT NULL PRIMARY KEY,
	plan_hash TEXT NOT NULL REFERENCES plans(hash) ON DELETE CASCADE,
	created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
) STRICT, WITHOUT ROWID;
CREATE INDEX plan_names_by_plan ON plan_names(plan_hash);
