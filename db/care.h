/* Care for the notebook's file: is it whole, a copy of it, making it smaller. */
#ifndef SPIKESCOPE_DB_CARE_H
#define SPIKESCOPE_DB_CARE_H

#include "db/store.h"

struct care {
	bool (*cancelled)(void *ctx); /* polled many times a second; may be NULL */
	void *cancel_ctx;
};

/* Reads everything: pages, references, the schema, and whether packed measurements,
 * tensors and UGOs are as long as they say. Calls each with what is wrong, at most 100
 * times. STATUS_DATA when something is. */
bool care_check(struct store *store, const struct care *care, void (*each)(void *ctx, const char *where, const char *problem),
		void *ctx, struct status *st);

/* A copy at path, whole or not at all, of one moment; others may write meanwhile.
 * STATUS_FAILED when it exists and force is false. */
bool care_backup(struct store *store, const struct care *care, const char *path, bool force, struct status *st);

/* Rewrites the file without the room that deleted runs have left. Fails when another
 * program is using it. */
bool care_vacuum(struct store *store, const struct care *care, int64_t *before_bytes, int64_t *after_bytes, struct status *st);

/* What to delete: finished runs to which all of these apply that are given, with their
 * measurements; then what other sessions than the current one keep for undo, plans, data
 * sets and models that nothing refers to any more, and sessions without runs, notes and a
 * name of their own that are thirty days old. */
struct prune {
	const char *status; /* "failed"; NULL: any */
	const char *before; /* runs started before this date; NULL: any */
	int64_t session;    /* 0: any */
	bool tensors_only;  /* their kept tensors alone */
	bool dry_run;       /* count only */

	int64_t runs, tensors, plans, sessions; /* out */
};
bool care_prune(struct store *store, int64_t current_session, struct prune *prune, struct status *st);

#endif
