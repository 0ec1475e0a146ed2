// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxdisk: util_disk.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxdisk)
