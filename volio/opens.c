// SPDX-License-Identifier: GPL-2.0-or-later
/* Who has what open on this node. */
#include "volio/opens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/loop.h"
#include "base/text.h"
#include "volio/volume.h"

#define OPENS_LINE_MAX 256 /* what is said of one */
#define OPENS_MORE_MAX 24  /* how many there are beside those that fit */

void opens_init(struct opens *opens, void (*changed)(void *ctx), void *ctx)
{
	LIST_INIT(&opens->list);
	opens->count = 0;
	opens->changed = changed;
	opens->ctx = ctx;
}

static void opens_command(pid_t pid, char *out, size_t size)
{
	char path[64], line[64];

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);

	FILE *file = fopen(path, "re");

	snprintf(out, size, "?");
	if (file != NULL) {
		if (fgets(line, sizeof(line), file) != NULL) {
			line[strcspn(line, "\n")] = '\0';
			text_escape(line, out, size);
		}
		fclose(file);
	}
}

int opens_add(struct opens *opens, struct volume *volume, pid_t pid, const char *how, bool write,
	      struct open_entry **out_entry)
{
	struct open_entry *entry;

	if (opens->count == VX_OPENS_MAX) {
		return -VX_E_FULL;
	}
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL) {
		return -ENOMEM;
	}
	entry->volume = volume;
	entry->pid = pid;
	entry->how = how;
	entry->write = write;
	entry->since_ms = clock_ms();
	opens_command(pid, entry->command, sizeof(entry->command));
	LIST_INSERT_HEAD(&opens->list, entry, link);
	opens->count++;
	*out_entry = entry;
	opens->changed(opens->ctx);
	return 0;
}

void opens_remove(struct opens *opens, struct open_entry *entry)
{
	LIST_REMOVE(entry, link);
	opens->count--;
	free(entry);
	opens->changed(opens->ctx);
}

void opens_remove_all(struct opens *opens, const struct volume *volume, const char *how)
{
	struct open_entry *entry, *next;

	for (entry = LIST_FIRST(&opens->list); entry != NULL; entry = next) {
		next = LIST_NEXT(entry, link);
		if (entry->volume == volume && strcmp(entry->how, how) == 0) {
			LIST_REMOVE(entry, link);
			opens->count--;
			free(entry);
		}
	}
	opens->changed(opens->ctx);
}

bool opens_has(const struct opens *opens, const struct open_entry *entry)
{
	const struct open_entry *known;

	LIST_FOREACH(known, &opens->list, link)
	{
		if (known == entry) {
			return true;
		}
	}
	return false;
}

bool opens_is_again(const struct opens *opens, const struct open_entry *entry)
{
	const struct open_entry *other;

	LIST_FOREACH(other, &opens->list, link)
	{
		if (other == entry) {
			return false;
		}
		if (other->volume == entry->volume && other->pid == entry->pid &&
		    other->how == entry->how) {
			return true;
		}
	}
	return false;
}

bool opens_writes(const struct opens *opens, const struct open_entry *entry)
{
	const struct open_entry *other;

	LIST_FOREACH(other, &opens->list, link)
	{
		if (other->write && other->volume == entry->volume && other->pid == entry->pid &&
		    other->how == entry->how) {
			return true;
		}
	}
	return false;
}

void opens_forget(struct opens *opens, const struct volume *volume)
{
	struct open_entry *entry;

	LIST_FOREACH(entry, &opens->list, link)
	{
		if (entry->volume == volume) {
			entry->volume = NULL;
		}
	}
}

/* One more, if it fits and leaves room for the word about those that do not. */
static size_t opens_text_add(const struct open_entry *entry, const char *between, char *out,
			     size_t size)
{
	char text[OPENS_LINE_MAX];
	size_t length = (size_t)snprintf(text, sizeof(text), "%s%s/%s: open by pid %d (%s) since %llu s",
					 between, entry->volume->conf->group,
					 entry->volume->conf->name, (int)entry->pid, entry->command,
					 (unsigned long long)(clock_ms() - entry->since_ms) / 1000);

	if (length >= sizeof(text) || length + OPENS_MORE_MAX >= size) {
		return 0;
	}
	memcpy(out, text, length + 1);
	return length;
}

uint32_t opens_text(const struct opens *opens, bool (*fn)(void *ctx, const struct volume *volume),
		    void *ctx, const char *between, char *out, size_t size)
{
	const struct open_entry *entry;
	uint32_t count = 0, shown = 0;
	size_t used = 0;

	out[0] = '\0';
	LIST_FOREACH(entry, &opens->list, link)
	{
		if (entry->volume == NULL || !fn(ctx, entry->volume) ||
		    opens_is_again(opens, entry)) {
			continue;
		}

		size_t length = shown < count ? 0
					      : opens_text_add(entry, used > 0 ? between : "",
							       out + used, size - used);

		count++;
		shown += length > 0;
		used += length;
	}
	if (shown < count) {
		snprintf(out + used, size - used, "%sand %u more", used > 0 ? between : "",
			 count - shown);
	}
	return count;
}
