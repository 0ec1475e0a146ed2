// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm's numbered messages. */
#include <stdarg.h>
#include <stdio.h>

#include "agent/adm.h"

static const struct {
	int number;
	const char *format;
} adm_message_table[] = {
#define ADM_MESSAGE_ROW(name, number, format) [ADM_##name] = { number, format },
	ADM_MESSAGES(ADM_MESSAGE_ROW)
#undef ADM_MESSAGE_ROW
};

int adm_error(enum adm_message message, ...)
{
	va_list values;

	fflush(stdout);
	fprintf(stderr, "vxha vxclustadm ERROR V-80-2-%d ", adm_message_table[message].number);
	va_start(values, message);
	vfprintf(stderr, adm_message_table[message].format, values);
	va_end(values);
	fputc('\n', stderr);
	return 1;
}
