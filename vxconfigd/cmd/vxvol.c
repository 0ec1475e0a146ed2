// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxvol: util_vol.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxvol)
