// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages of the utilities on stderr, in the form of the original. */
#include "vxconfigd/cmd/complain.h"

#include <assert.h>
#include <stdarg.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/text.h"
#include "vxconfigd/cmd/words.h"

#define COMPLAIN_SHOWN_MAX (4 * 2 * VX_REASON_MAX) /* every byte as \xNN */

static const struct complain_row {
	unsigned int number;
	Vx__Severity severity;
	int error;
	const char *format;
} complain_rows[] = {
#define CMD_MESSAGE_ROW(name, number, severity, code, format) \
	{ number, VX__SEVERITY__SEV_##severity, -VX_E_##code, format },
	CMD_MESSAGES(CMD_MESSAGE_ROW)
#undef CMD_MESSAGE_ROW
#define VX_MESSAGE_ROW(name, number, code, format) \
	{ number, VX__SEVERITY__SEV_ERROR, -VX_E_##code, format },
		VX_MESSAGES(VX_MESSAGE_ROW)
#undef VX_MESSAGE_ROW
};

static const char *complain_severity(Vx__Severity severity)
{
	return severity == VX__SEVERITY__SEV_FATAL ? "FATAL ERROR"
						   : word_enum(&vx__severity__descriptor, severity);
}

static void complain_line(FILE *err, const char *tool, Vx__Severity severity, unsigned int number,
			  const char *text)
{
	char shown[COMPLAIN_SHOWN_MAX];

	/* names that were typed, on any node, reach a terminal here */
	text_escape(text, shown, sizeof(shown));
	fprintf(err, "vxha %s %s V-80-1-%04u %s\n", tool, complain_severity(severity), number,
		shown);
}

int(complain)(FILE *err, const char *tool, unsigned int id, ...)
{
	const struct complain_row *row = NULL;
	char text[2 * VX_REASON_MAX];
	va_list arguments;

	for (size_t i = 0; i < VX_COUNT_OF(complain_rows); i++) {
		if (complain_rows[i].number == id) {
			row = &complain_rows[i];
		}
	}
	assert(row != NULL);
	va_start(arguments, id);
	vsnprintf(text, sizeof(text), row->format, arguments);
	va_end(arguments);
	complain_line(err, tool, row->severity, id, text);
	return vx_exit_code(row->error);
}

void complain_reply(FILE *err, const char *tool, const Vx__Reply *reply)
{
	for (size_t i = 0; i < reply->n_message; i++) {
		const Vx__Message *message = reply->message[i];

		complain_line(err, message->tool[0] != '\0' ? message->tool : tool,
			      message->severity, message->number, message->text);
	}
}
