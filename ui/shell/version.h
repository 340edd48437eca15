/* The program's version and those of the libraries it runs with. */
#ifndef SPIKESCOPE_UI_VERSION_H
#define SPIKESCOPE_UI_VERSION_H

#include <stdio.h>

void version_print(FILE *out);

#endif
