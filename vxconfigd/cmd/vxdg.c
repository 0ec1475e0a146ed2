// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxdg: util_dg.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxdg)
