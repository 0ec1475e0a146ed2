// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of the schema as the words that users know from VxVM. */
#include "vxconfigd/cmd/words.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

const char *word_enum(const ProtobufCEnumDescriptor *descriptor, int value)
{
	const ProtobufCEnumValue *row = protobuf_c_enum_descriptor_get_value(descriptor, value);

	if (row == NULL) {
		return "?";
	}

	const char *end_of_prefix = strchr(row->name, '_');

	return end_of_prefix != NULL ? end_of_prefix + 1 : row->name;
}

/* X(value, long word, short word) */
#define WORD_ACTIVATIONS(X) \
	X(OFF, "off", "off") \
	X(SR, "shared-read", "sr") \
	X(RO, "read-only", "ro") \
	X(SW, "shared-write", "sw") \
	X(EW, "exclusive-write", "ew")

const char *word_activation(Vx__Activation activation)
{
	switch (activation) {
#define WORD_CASE(value, text, short_text) \
	case VX__ACTIVATION__ACT_##value: \
		return text;
		WORD_ACTIVATIONS(WORD_CASE)
#undef WORD_CASE
	case _VX__ACTIVATION_IS_INT_SIZE:
		break;
	}
	return "?";
}

const char *word_activation_short(Vx__Activation activation)
{
	switch (activation) {
#define WORD_CASE(value, text, short_text) \
	case VX__ACTIVATION__ACT_##value: \
		return short_text;
		WORD_ACTIVATIONS(WORD_CASE)
#undef WORD_CASE
	case _VX__ACTIVATION_IS_INT_SIZE:
		break;
	}
	return "?";
}

const char *word_user(uint32_t uid, char out[WORD_USER_MAX])
{
	const struct passwd *user = getpwuid(uid);

	if (user != NULL) {
		return user->pw_name;
	}
	snprintf(out, WORD_USER_MAX, "%" PRIu32, uid);
	return out;
}
