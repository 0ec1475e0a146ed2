// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxassist: util_assist.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxassist)
