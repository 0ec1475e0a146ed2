/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where tests make files: in TMPDIR, which tests/run-unit removes with all that an interrupted test left. */
#ifndef VX_TESTS_UNIT_TEMP_H
#define VX_TESTS_UNIT_TEMP_H

#include <stdio.h>
#include <stdlib.h>

#define TEMP_PATH_MAX 256

/* A template for mkdtemp() or mkstemp(). */
static inline void temp_template(char out[TEMP_PATH_MAX])
{
	const char *folder = getenv("TMPDIR");

	snprintf(out, TEMP_PATH_MAX, "%s/vxha-unit-XXXXXX", folder != NULL ? folder : "/tmp");
}

#endif
