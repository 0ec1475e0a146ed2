// SPDX-License-Identifier: GPL-2.0-or-later
/* Texts and exit codes of errors. */
#include "base/errors.h"

#include <string.h>

static const struct {
	int code;
	const char *text;
} vx_errors[] = { [0] = { 1, "unknown error" },
#define VX_ROW(name, code, text) [VX_E_##name - VX_E_BASE] = { code, text },
		  VX_ERRORS(VX_ROW)
#undef VX_ROW
};

const char *vx_strerror(int error)
{
	if (error == 0) {
		return "success";
	}
	if (-error > VX_E_BASE && -error < VX_E_END) {
		return vx_errors[-error - VX_E_BASE].text;
	}
	return error < 0 ? strerror(-error) : vx_errors[0].text;
}

int vx_exit_code(int error)
{
	if (error == 0) {
		return 0;
	}
	if (-error > VX_E_BASE && -error < VX_E_END) {
		return vx_errors[-error - VX_E_BASE].code;
	}
	return 5;
}
