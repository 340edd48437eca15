/* The migrations, compiled in. scripts/embed-sql writes the table from
 * db/NNN_name.sql at build time; it ends with version 0. */
#ifndef SPIKESCOPE_DB_SCHEMA_H
#define SPIKESCOPE_DB_SCHEMA_H

struct migration {
	int version; /* NNN: 1, 2, 3, ... without gaps */
	const char *name;
	const char *sql;
};
extern const struct migration migration_table[];

#endif
