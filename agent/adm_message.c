// SPDX-License-Identifier: GPL-2.0-or-later
/* vxclustadm's numbered messages. */
#include <stdarg.h>
#include <stdio.h>

#include "agent/adm.h"
#include "base/limits.h"
#include "base/text.h"

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
	char text[VX_REASON_MAX], shown[4 * VX_REASON_MAX]; /* every byte as \xNN */
	va_list values;

	fflush(stdout);
	va_start(values, message);
	vsnprintf(text, sizeof(text), adm_message_table[message].format, values);
	va_end(values);
	text_escape(text, shown, sizeof(shown)); /* names that were typed reach a terminal here */
	fprintf(stderr, "vxha vxclustadm ERROR V-80-2-%d %s\n", adm_message_table[message].number,
		shown);
	return 1;
}
