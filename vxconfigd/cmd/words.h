/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values of the schema as the words that users know from VxVM. */
#ifndef VX_CMD_WORDS_H
#define VX_CMD_WORDS_H

#include <stdint.h>

#include "vxha.pb-c.h"

/* The name of an enum's value without its prefix: VOL_NEEDSYNC -> "NEEDSYNC". "?" for a value of
 * a newer schema. descriptor: vx__vol_state__descriptor and so on. */
const char *word_enum(const ProtobufCEnumDescriptor *descriptor, int value);

/* Activation mode as `vxdg list GROUP` says it: "shared-write", and short: "sw". */
const char *word_activation(Vx__Activation activation);
const char *word_activation_short(Vx__Activation activation);

/* A user as this node calls it, or the number: it may have another name elsewhere. */
#define WORD_USER_MAX 40
const char *word_user(uint32_t uid, char out[WORD_USER_MAX]);

#endif
