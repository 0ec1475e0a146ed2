// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxprint: util_print.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxprint)
