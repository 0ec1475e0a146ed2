// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxinfo: util_info.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxinfo)
