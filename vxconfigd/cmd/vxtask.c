// SPDX-License-Identifier: GPL-2.0-or-later
/* The program vxtask: util_task.c with the standard streams. */
#include "vxconfigd/cmd/utilities.h"

UTILITY_MAIN(vxtask)
