// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages for the utilities: the catalogue as a table, adding one to a reply. */
#include "vxconfigd/messages.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/proto.h"
#include "vxconfigd/record.h"

#undef message_add

struct message_row {
	enum vx_message_id id;
	int error;
	const char *format;
};

static const struct message_row message_table[] = {
#define VX_MESSAGE_ROW(name, number, code, text) { MSG_##name, -VX_E_##code, text },
	VX_MESSAGES(VX_MESSAGE_ROW)
#undef VX_MESSAGE_ROW
};

static const struct message_row *message_find(enum vx_message_id id)
{
	for (size_t i = 0; i < VX_COUNT_OF(message_table); i++) {
		if (message_table[i].id == id) {
			return &message_table[i];
		}
	}
	return NULL;
}

int message_add(Vx__Reply *reply, const char *tool, enum vx_message_id id, ...)
{
	const struct message_row *row = message_find(id);
	Vx__Message *message = record_alloc(1, sizeof(*message));
	Vx__Message **list = realloc(reply->message, (reply->n_message + 1) * sizeof(*list));
	char text[VX_REASON_MAX];
	va_list args;

	assert(row != NULL);
	if (list == NULL) {
		abort();
	}
	va_start(args, id);
	vsnprintf(text, sizeof(text), row->format, args);
	va_end(args);
	vx__message__init(message);
	message->severity = VX__SEVERITY__SEV_ERROR;
	message->number = (uint32_t)id;
	proto_string_set(&message->text, text);
	proto_string_set(&message->tool, tool);
	list[reply->n_message++] = message;
	reply->message = list;
	reply->exit_code = vx_exit_code(row->error);
	return row->error;
}
