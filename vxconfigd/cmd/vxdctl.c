// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxdctl: util_dctl.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxdctl)
