#include "db/store_internal.h"

#include <stdio.h>

int
migrate_last(const struct migration *table)
{
	int version = 0;

	for (; table->version; table++)
		version = table->version;
	return version;
}

/* One snapshot, so that a file that another process is just creating is seen either
 * empty or whole. */
static int
read_identity(sqlite3 *db, int64_t *application, int64_t *version, int64_t *objects)
{
	int rc = sql_number(db, "BEGIN", NULL);

	if (rc == SQLITE_OK)
		rc = sql_number(db, "SELECT count(*) FROM sqlite_schema", objects);
	if (rc == SQLITE_OK)
		rc = sql_number(db, "PRAGMA application_id", application);
	if (rc == SQLITE_OK)
		rc = sql_number(db, "PRAGMA user_version", version);
	return rc;
}

bool
migrate_check(sqlite3 *db, const char *path, const struct migration *table, struct status *st)
{
	int64_t application = 0, version = 0, objects = 0;
	bool read = read_identity(db, &application, &version, &objects) == SQLITE_OK || sql_fail(db, path, "read it", st);

	if (!sqlite3_get_autocommit(db))
		sql_number(db, "ROLLBACK", NULL);
	if (!read)
		return false;
	if (application == 0 && version == 0 && objects == 0)
		return true;
	if (application != STORE_APPLICATION_ID)
		return status_fail(st, STATUS_DATA,
				   "%s: this is another application's SQLite database (application id %lld); it was not touched; "
				   "name another file with --db FILE",
				   path, (long long)application);
	if (version > migrate_last(table))
		return status_fail(
		    st, STATUS_DATA,
		    "%s: written by a newer spikescope (database version %lld, this program knows up to %d); upgrade "
		    "spikescope or name another file with --db FILE",
		    path, (long long)version, migrate_last(table));
	if (version < 1)
		return status_fail(st, STATUS_DATA,
				   "%s: the database says version %lld, which never was; name another file with --db FILE", path,
				   (long long)version);
	return true;
}

static bool
apply(sqlite3 *db, const char *path, const struct migration *m, struct status *st)
{
	char mark[128], doing[128];

	snprintf(mark, sizeof(mark), "PRAGMA application_id = %d; PRAGMA user_version = %d;", STORE_APPLICATION_ID, m->version);
	snprintf(doing, sizeof(doing), "bring it to version %d (%s)", m->version, m->name);
	if (sqlite3_exec(db, m->sql, NULL, NULL, NULL) != SQLITE_OK || sqlite3_exec(db, mark, NULL, NULL, NULL) != SQLITE_OK)
		return sql_fail(db, path, doing, st);
	return true;
}

/* Applies the next migration, if any; the version is read inside the transaction
 * because another process may have been faster. */
static bool
advance(sqlite3 *db, const char *path, const struct migration *table, bool *more, struct status *st)
{
	int64_t version = 0;
	bool ok;

	if (sql_number(db, "BEGIN IMMEDIATE", NULL) != SQLITE_OK)
		return sql_fail(db, path, "write it", st);
	ok = sql_number(db, "PRAGMA user_version", &version) == SQLITE_OK || sql_fail(db, path, "read its version", st);
	while (ok && table->version && table->version <= version)
		table++;
	*more = table->version != 0;
	if (ok && *more)
		ok = apply(db, path, table, st);
	if (ok && sql_number(db, "COMMIT", NULL) != SQLITE_OK)
		ok = sql_fail(db, path, "write it", st);
	if (!ok && !sqlite3_get_autocommit(db))
		sql_number(db, "ROLLBACK", NULL);
	return ok;
}

bool
migrate_run(sqlite3 *db, const char *path, const struct migration *table, struct status *st)
{
	int64_t version = 0;
	bool more;

	/* An up-to-date file must open while someone else writes. */
	if (sql_number(db, "PRAGMA user_version", &version) != SQLITE_OK)
		return sql_fail(db, path, "read its version", st);
	for (more = version < migrate_last(table); more;)
		if (!advance(db, path, table, &more, st))
			return false;
	return true;
}
