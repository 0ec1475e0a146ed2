// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxplex: util_plex.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxplex)
