/* Somebody else's notebook: one of ours that a script changed (s and SQL), or bytes of it
 * (b and triples: two bytes of place, one of value). It is imported, checked and opened. */
#include "tests/fuzz/support/fuzz.h"

#include "db/care.h"
#include "db/query.h"
#include "db/store.h"
#include "db/transfer.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTEBOOK "tests/fixtures/notebooks/version_4.sql"

static uint8_t *whole; /* the notebook's bytes */
static size_t whole_size;

static char *
read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	fuzz_check(file && text, path);
	*size = fread(text, 1, (1 << 20) - 1, file);
	fclose(file);
	return text;
}

/* A notebook with something in every table, in today's form. */
static void
make_notebook(void)
{
	const char *path = fuzz_path("whole.db");
	struct status st = {0};
	struct store *store;
	size_t size;
	char *sql = read_file(NOTEBOOK, &size);
	sqlite3 *db;

	fuzz_check(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, NOTEBOOK);
	sqlite3_close(db);
	free(sql);
	store = store_open(path, &st);
	fuzz_check(store != NULL, st.message);
	store_close(store);
	whole = (uint8_t *)read_file(path, &whole_size);
}

static int
give_up(void *count)
{
	return ++*(int *)count > 200;
}

static void
run_script(const char *path, const char *sql)
{
	sqlite3 *db;
	int polls = 0;

	fuzz_check(sqlite3_open(path, &db) == SQLITE_OK, path);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20);
	sqlite3_progress_handler(db, 1000, give_up, &polls);
	sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
}

static void
change_bytes(const char *name, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(whole_size);

	fuzz_check(copy != NULL, "memory for the notebook");
	memcpy(copy, whole, whole_size);
	for (; size >= 3; data += 3, size -= 3)
		copy[((size_t)data[0] + 256 * (size_t)data[1]) * whole_size / 65536] = data[2];
	fuzz_write(name, copy, whole_size);
	free(copy);
}

static bool
polls_out(void *count)
{
	return ++*(int *)count > 200;
}

static void
problem(void *ctx, const char *where, const char *what)
{
	(void)ctx;
	fprintf(stderr, "%s: %s\n", where, what);
}

static bool
pass_over(void *ctx, int count, const struct query_value *values)
{
	(void)ctx;
	(void)values;
	return count > 0;
}

static void
import(const char *path)
{
	int polls = 0;
	struct transfer transfer = {.cancelled = polls_out, .cancel_ctx = &polls};
	struct status st = {0};
	struct store *store = store_open(":memory:", &st);

	fuzz_check(store != NULL, st.message);
	if (!transfer_import(store, &transfer, path, &st))
		fuzz_refused(&st);
	fuzz_check(care_check(store, &(struct care){0}, problem, NULL, &st), "what was imported is whole");
	store_close(store);
}

static void
open_and_ask(const char *path)
{
	struct status st = {0};
	struct store *store = store_open(path, &st);

	if (!store) {
		fuzz_refused(&st);
		return;
	}
	for (const struct query_info *info = query_table; info->name; info++) {
		int polls = 0;
		struct query query = {.sql = info->sql, .cancelled = polls_out, .cancel_ctx = &polls};

		if (!query_run(store, &query, &(struct query_output){.row = pass_over}, &st))
			fuzz_refused(&st);
	}
	store_close(store);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_parts parts = {data + 1, size - 1};
	char *sql;

	if (size == 0)
		return 0;
	if (!whole)
		make_notebook();
	fuzz_unlink("n.db-wal");
	fuzz_unlink("n.db-shm");
	fuzz_unlink("n.db-journal");
	if (data[0] == 'b') {
		change_bytes("n.db", data + 1, size - 1);
	} else {
		sql = fuzz_text(&parts);
		run_script(fuzz_write("n.db", whole, whole_size), sql);
		free(sql);
	}
	import(fuzz_path("n.db"));
	open_and_ask(fuzz_path("n.db"));
	return 0;
}
