/* Calls that fail on purpose: the n-th from now. The linker's --wrap leads allocations of the
 * program here (not those of libraries but jansson and SQLite, which take an allocator), and a
 * VFS of ours what SQLite asks of the system. */
#ifndef SPIKESCOPE_TESTS_FAULTS_H
#define SPIKESCOPE_TESTS_FAULTS_H

#include <stdbool.h>

enum fault {
	FAULT_NONE,
	FAULT_MEMORY,      /* an allocation of the program */
	FAULT_JSON_MEMORY, /* of jansson */
	FAULT_SQL_MEMORY,  /* of SQLite */
	FAULT_SQL_READ,    /* SQLite reads: SQLITE_IOERR_READ */
	FAULT_SQL_WRITE,   /* SQLite writes: SQLITE_FULL */
	FAULT_SQL_SYNC,    /* SQLite syncs, cuts, or opens a file */
	FAULTS
};
extern const char *const fault_names[]; /* [FAULTS] */

/* Before the first allocation of a library. */
void faults_install(void);
/* The n-th call of this kind from now fails, and so do all after it when from_then_on. */
void faults_begin(enum fault kind, long n, bool from_then_on);
/* No more; says whether the n-th call came. */
bool faults_end(void);

#endif
