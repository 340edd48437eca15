/* Runs from one notebook to another, so that they can be shared.
 *
 * Things are named by the hash of their content, runs and sessions by a number of
 * their own (uid) that they keep wherever they go: what the other notebook has
 * already is not copied again, and whatever it calls by the same name stays.
 *
 * A file that is imported comes from anybody: it is opened read-only, none of its
 * views and triggers is used, its tables must be ours to the letter, and either all
 * of it is taken or nothing. */
#ifndef SPIKESCOPE_DB_TRANSFER_H
#define SPIKESCOPE_DB_TRANSFER_H

#include "db/store.h"

struct transfer {
	int64_t run, session;         /* export: this run, or all of this session; both 0: everything */
	bool (*cancelled)(void *ctx); /* polled many times a second; may be NULL */
	void *cancel_ctx;

	/* What was copied. */
	int sessions, commands, runs, plans, ugos;
	int known; /* runs that were there already */
};

/* Writes a new notebook to path, whole or not at all. STATUS_FAILED when it exists and
 * force is false; STATUS_USAGE when there is no such run or session. */
bool transfer_export(struct store *store, struct transfer *transfer, const char *path, bool force, struct status *st);

/* Takes over what the notebook at path has and this one has not, older versions
 * included. STATUS_DATA for files that are not a notebook, damaged, altered or newer. */
bool transfer_import(struct store *store, struct transfer *transfer, const char *path, struct status *st);

#endif
