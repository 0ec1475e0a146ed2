/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that a stranger typed, for people to read. Any thread. */
#ifndef VX_BASE_TEXT_H
#define VX_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies text to out. What a terminal or a log would obey (control bytes, line ends) and what is
 * no UTF-8 becomes \xNN. What does not fit is left out, never half of a character. size is at
 * least 1. Copying it again changes nothing.
 */
void text_escape(const char *text, char *out, size_t size);
/* Would text_escape() leave it as it is? */
bool text_is_plain(const char *text);

#endif
