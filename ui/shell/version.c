#include "ui/shell/version.h"

#include "spikescope.h"

#include <cairo.h>
#include <curses.h>
#include <jansson.h>
#include <png.h>
#include <sqlite3.h>
#include <xxhash.h>
#include <zlib.h>

extern const char *rl_library_version; /* readline.h and curses.h cannot meet in one file */

void
version_print(FILE *out)
{
	unsigned xxh = XXH_versionNumber();

	fprintf(out, "spikescope %s\n", SPIKESCOPE_VERSION);
	fprintf(out, "jansson %s, libpng %s, zlib %s, xxHash %u.%u.%u,\n", jansson_version_str(), png_get_libpng_ver(NULL),
		zlibVersion(), xxh / 10000, xxh / 100 % 100, xxh % 100);
	fprintf(out, "SQLite %s, cairo %s, readline %s, %s\n", sqlite3_libversion(), cairo_version_string(), rl_library_version,
		curses_version());
	fputs("Licence GPL-3.0-or-later. There is no warranty.\n", out);
}
