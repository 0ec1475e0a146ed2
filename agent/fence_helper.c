// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The helper process of fence.h: holds a connection to Pacemaker's fencer, connects again when it
 * is lost, says what it hears and what vxclustd asks.
 */
#include "agent/fence_helper.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/fence_text.h"
#include "agent/fencer.h"
#include "base/loop.h"
#include "base/timeouts.h"

#define HELPER_AGAIN_MS 1000 /* between two attempts to connect */

struct helper {
	struct fencer *fencer; /* NULL: no library */
	int error;	       /* why it is not connected; 0: it is */
	uint64_t connect_ms;   /* when to try again */
	uint64_t look_ms;      /* when to look; 0: nobody asked */
	uint64_t serial;
	bool failed; /* vxclustd cannot be told */
};

static void helper_say(struct helper *helper, const struct fence_word *word)
{
	char text[VX_FENCE_TEXT_MAX];
	size_t length = fence_text_word(text, word);

	if (length > 0 && send(STDIN_FILENO, text, length, MSG_NOSIGNAL) < 0) {
		helper->failed = true;
	}
}

static void helper_on_fenced(void *ctx, const char *node)
{
	const struct fence_word word = { .what = FENCE_FENCED, .node = { node }, .count = 1 };

	helper_say(ctx, &word);
}

static void helper_connect(struct helper *helper)
{
	if (helper->fencer != NULL && helper->error != 0 && clock_ms() >= helper->connect_ms) {
		helper->error = fencer_connect(helper->fencer, helper_on_fenced, helper);
		helper->connect_ms = clock_ms() + HELPER_AGAIN_MS;
	}
}

static void helper_lost(struct helper *helper, int error)
{
	const struct fence_word word = { .what = FENCE_LOST };

	fencer_disconnect(helper->fencer);
	helper->error = error;
	helper_say(helper, &word);
}

static void helper_hear(struct helper *helper)
{
	int rc = helper->error == 0 ? fencer_hear(helper->fencer) : 0;

	if (rc != 0) {
		helper_lost(helper, rc);
	}
}

/* ---- looks ---- */

struct helper_pending {
	struct fence_word word;
	char name[VX_COUNT_OF(((struct fence_word *)NULL)->node)][VX_NODENAME_MAX + 1];
};

static void helper_on_entry(void *ctx, const struct fencer_entry *entry)
{
	struct helper_pending *pending = ctx;
	struct fence_word *word = &pending->word;

	if (!entry->pending) {
		return;
	}
	if (word->count == VX_COUNT_OF(word->node) ||
	    strlen(entry->node) >= sizeof(pending->name[0])) {
		word->error = -ENOBUFS;
		return;
	}
	word->node[word->count] = strcpy(pending->name[word->count], entry->node);
	word->count++;
}

/* What the fencer told before it answered is said before the answer. */
static void helper_answer(struct helper *helper)
{
	struct helper_pending pending = {
		.word = { .what = FENCE_LOOKED, .serial = helper->serial, .error = helper->error },
	};

	helper->look_ms = 0;
	if (helper->error == 0) {
		int rc = fencer_history(helper->fencer, NULL, false, helper_on_entry, &pending);

		pending.word.error = rc != 0 ? rc : pending.word.error;
		helper_hear(helper);
		pending.word.error = helper->error != 0 ? helper->error : pending.word.error;
	}
	pending.word.count = pending.word.error != 0 ? 0 : pending.word.count;
	helper_say(helper, &pending.word);
}

/* A fencer that was apart from the others asks them first; nobody says when all have answered. */
static void helper_asked(struct helper *helper)
{
	char text[VX_FENCE_TEXT_MAX];
	ssize_t length = recv(STDIN_FILENO, text, sizeof(text) - 1, 0);
	bool apart;

	if (length < 0 && errno == EINTR) {
		return;
	}
	text[length > 0 ? length : 0] = '\0';
	if (length <= 0 || fence_text_read_look(text, &helper->serial, &apart) != 0) {
		helper->failed = true;
		return;
	}
	helper->look_ms = clock_ms();
	if (apart && helper->error == 0) {
		int rc = fencer_tell_each_other(helper->fencer);

		helper->look_ms += VX_FENCE_APART_MS;
		if (rc != 0) {
			helper_lost(helper, rc);
		}
	}
}

static int helper_wait_ms(const struct helper *helper)
{
	uint64_t now = clock_ms(), at = UINT64_MAX;

	if (helper->fencer != NULL && helper->error != 0) {
		at = helper->connect_ms;
	}
	if (helper->look_ms != 0 && helper->look_ms < at) {
		at = helper->look_ms;
	}
	return at == UINT64_MAX ? -1 : at > now ? (int)(at - now) : 0;
}

int fence_helper_serve(void)
{
	struct helper helper = { .error = -ENOTCONN };
	int rc = fencer_open(&helper.fencer);

	if (rc != 0) {
		helper.error = rc;
	}
	while (!helper.failed) {
		helper_connect(&helper);

		struct pollfd fd[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = helper.error == 0 ? fencer_fd(helper.fencer) : -1,
			  .events = POLLIN },
		};

		if (poll(fd, VX_COUNT_OF(fd), helper_wait_ms(&helper)) < 0 && errno != EINTR) {
			break;
		}
		if (fd[1].revents != 0) {
			helper_hear(&helper);
		}
		if (fd[0].revents != 0) {
			helper_asked(&helper);
		}
		if (helper.look_ms != 0 && clock_ms() >= helper.look_ms) {
			helper_answer(&helper);
		}
	}
	fencer_close(helper.fencer);
	return 0;
}
