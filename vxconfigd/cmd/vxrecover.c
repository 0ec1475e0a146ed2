// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxrecover: util_recover.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxrecover)
