/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The utilities that administrators type. Each is a table (tool.h) and a function that runs it;
 * its program is a main() that calls the function with the standard streams.
 */
#ifndef VX_CMD_UTILITIES_H
#define VX_CMD_UTILITIES_H

#include "vxconfigd/cmd/tool.h"
#include "vxconfigd/cmd/tool_run.h"

#define UTILITIES(X) \
	X(vxassist) \
	X(vxdctl) \
	X(vxdg) X(vxdisk) X(vxinfo) X(vxplex) X(vxprint) X(vxrecover) X(vxstat) X(vxtask) X(vxvol)

#define UTILITY_DECLARE(name) \
	extern const struct tool name##_tool; \
	int name##_run(const struct tool_io *io, int argc, char **argv);
UTILITIES(UTILITY_DECLARE)
#undef UTILITY_DECLARE

/* main() of a utility. */
#define UTILITY_MAIN(name) \
	int main(int argc, char **argv) \
	{ \
		struct tool_io io; \
\
		tool_io_init(&io); \
		return name##_run(&io, argc, argv); \
	}

#endif
