// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxstat: util_stat.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxstat)
