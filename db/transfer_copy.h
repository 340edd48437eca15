/* What transfer.c and transfer_copy.c share; not for others. */
#ifndef SPIKESCOPE_DB_TRANSFER_COPY_H
#define SPIKESCOPE_DB_TRANSFER_COPY_H

#include "db/transfer.h"

#include <sqlite3.h>

/* Copies what transfer chooses within transactions that are the caller's. Both
 * databases have the current schema. theirs: states of sessions are marked as a stranger's. */
bool transfer_copy(struct transfer *transfer, sqlite3 *from, const char *from_path, sqlite3 *to, const char *to_path, bool theirs,
		   struct status *st);

#endif
