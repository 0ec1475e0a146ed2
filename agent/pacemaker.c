// SPDX-License-Identifier: GPL-2.0-or-later
/* What vxclustd asks of Pacemaker. */
#include "agent/pacemaker.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/child.h"
#include "base/errors.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/timeouts.h"

#define PACEMAKER_ARGS_MAX 10
#define PACEMAKER_LOG_MAX 200 /* of a tool's output in a log line */

struct pacemaker_request {
	char *argv[PACEMAKER_ARGS_MAX];			     /* ends with NULL */
	void (*fn)(void *ctx, enum pacemaker_answer answer); /* NULL: nobody wants the output */
	void *ctx;
	uint32_t timeout_ms;
};

struct pacemaker_lane {
	struct pacemaker *pacemaker;
	struct child *child; /* runs the first request; NULL: idle */
	struct pacemaker_request *queue[VX_TOOL_QUEUE_MAX];
	size_t count;
	struct loop_timer timer; /* a tool that could not be started is told from the loop */
	bool failing;		 /* the last tool failed and that was logged */
};

struct pacemaker {
	struct loop *loop;
	struct pacemaker_lane node, fencing, attribute;
};

static void pacemaker_start(struct pacemaker_lane *lane);

/* ---- requests ---- */

static void pacemaker_request_free(struct pacemaker_request *request)
{
	if (request != NULL) {
		for (size_t i = 0; i < PACEMAKER_ARGS_MAX; i++) {
			free(request->argv[i]);
		}
		free(request);
	}
}

/* Words up to NULL. */
__attribute__((sentinel)) static struct pacemaker_request *pacemaker_request_new(const char *tool,
										 ...)
{
	struct pacemaker_request *request = calloc(1, sizeof(*request));
	const char *word = tool;
	va_list words;

	if (request == NULL) {
		return NULL;
	}
	request->timeout_ms = VX_TOOL_MS;
	va_start(words, tool);
	for (size_t i = 0; word != NULL; i++, word = va_arg(words, const char *)) {
		assert(i + 1 < PACEMAKER_ARGS_MAX);
		request->argv[i] = strdup(word);
		if (request->argv[i] == NULL) {
			pacemaker_request_free(request);
			request = NULL;
			break;
		}
	}
	va_end(words);
	return request;
}

/* Nothing that a tool would take for an option, and nothing that XML or a shell would mind. */
static bool pacemaker_name_is_good(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length <= VX_NODENAME_MAX && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:") ==
		       length;
}

/* ---- lanes ---- */

static struct pacemaker_request *pacemaker_take(struct pacemaker_lane *lane)
{
	struct pacemaker_request *request = lane->queue[0];

	assert(lane->count > 0);
	lane->count--;
	memmove(lane->queue, lane->queue + 1, lane->count * sizeof(lane->queue[0]));
	return request;
}

/* Why a tool failed: its first line, or in XML the text of its first error. */
static const char *pacemaker_why(const char *output, int *out_length)
{
	const char *error = strstr(output, "<error>");
	const char *why = error != NULL ? error + strlen("<error>") : output;
	size_t length = strcspn(why, error != NULL ? "<\n" : "\n");

	*out_length = length > PACEMAKER_LOG_MAX ? PACEMAKER_LOG_MAX : (int)length;
	return why;
}

static void pacemaker_log_end(struct pacemaker_lane *lane, const struct pacemaker_request *request,
			      const struct child_end *end)
{
	if (end->status == 0) {
		if (lane->failing) {
			log_notice("pacemaker: %s works again", request->argv[0]);
		}
		lane->failing = false;
		log_debug("pacemaker: %s %s done", request->argv[0], request->argv[2]);
		return;
	}
	if (!lane->failing) {
		int length;
		const char *why = pacemaker_why(end->output, &length);

		log_err("pacemaker: %s failed (%s %d): %.*s", request->argv[0],
			end->timed_out	  ? "no answer, signal"
			: end->status < 0 ? "signal"
					  : "exit code",
			abs(end->status), length, why);
	}
	lane->failing = true;
}

/* Reads the answer out of what `crm_mon --output-as=xml --include=options` printed. Pacemaker 3.0.2
 * renamed the option and its attribute; the new name counts where both are. */
static enum pacemaker_answer pacemaker_read_fencing(const char *xml)
{
	static const char *const name[] = { " fencing-enabled=\"", " stonith-enabled=\"" };

	for (size_t i = 0; i < VX_COUNT_OF(name); i++) {
		const char *at = strstr(xml, name[i]);

		if (at != NULL) {
			at += strlen(name[i]);
			return strncasecmp(at, "true\"", 5) == 0    ? PACEMAKER_YES
			       : strncasecmp(at, "false\"", 6) == 0 ? PACEMAKER_NO
								    : PACEMAKER_UNKNOWN;
		}
	}
	return PACEMAKER_UNKNOWN;
}

static void pacemaker_on_end(void *ctx, const struct child_end *end)
{
	struct pacemaker_lane *lane = ctx;
	struct pacemaker_request *request = pacemaker_take(lane);

	lane->child = NULL;
	pacemaker_log_end(lane, request, end);
	if (request->fn != NULL) {
		request->fn(request->ctx, end->status == 0 ? pacemaker_read_fencing(end->output)
							   : PACEMAKER_UNKNOWN);
	}
	pacemaker_request_free(request);
	pacemaker_start(lane);
}

static void pacemaker_on_start_failure(void *ctx)
{
	struct pacemaker_lane *lane = ctx;
	struct child_end end = { .status = 127, .output = "cannot be started" };

	pacemaker_on_end(lane, &end);
}

static int pacemaker_spawn(struct pacemaker_lane *lane)
{
	const struct child_spec spec = {
		.argv = (const char *const *)lane->queue[0]->argv,
		.socket = -1,
		.timeout_ms = lane->queue[0]->timeout_ms,
	};

	return child_spawn(lane->pacemaker->loop, &spec, pacemaker_on_end, lane, &lane->child);
}

static void pacemaker_start(struct pacemaker_lane *lane)
{
	if (lane->child != NULL || lane->count == 0 || lane->timer.armed) {
		return;
	}
	if (pacemaker_spawn(lane) != 0) {
		lane->child = NULL;
		loop_timer_set(lane->pacemaker->loop, &lane->timer, 0, pacemaker_on_start_failure,
			       lane);
	}
}

/* Takes the request, also when it fails. */
static int pacemaker_add(struct pacemaker_lane *lane, struct pacemaker_request *request)
{
	if (request == NULL) {
		return -ENOMEM;
	}
	if (lane->count == VX_TOOL_QUEUE_MAX) {
		pacemaker_request_free(request);
		return -VX_E_FULL;
	}
	lane->queue[lane->count++] = request;
	pacemaker_start(lane);
	return 0;
}

/* ---- what can be asked ---- */

int pacemaker_terminate(struct pacemaker *pacemaker, const char *node)
{
	if (!pacemaker_name_is_good(node)) {
		return -VX_E_SYNTAX;
	}
	log_notice("node=%s pacemaker: asked to fence it (attribute terminate)", node);
	return pacemaker_add(&pacemaker->node,
			     pacemaker_request_new("attrd_updater", "-n", "terminate", "-U", "true",
						   "-N", node, NULL));
}

static bool pacemaker_lane_has(const struct pacemaker_lane *lane, const char *node)
{
	for (size_t i = 0; i < lane->count; i++) {
		if (strcmp(lane->queue[i]->argv[2], node) == 0) {
			return true;
		}
	}
	return false;
}

int pacemaker_reboot(struct pacemaker *pacemaker, const char *node)
{
	struct pacemaker_request *request;

	if (!pacemaker_name_is_good(node)) {
		return -VX_E_SYNTAX;
	}
	if (pacemaker_lane_has(&pacemaker->fencing, node)) {
		return 0; /* it is told already */
	}
	log_notice("node=%s pacemaker: the fencer is told to reboot it", node);
	request =
		pacemaker_request_new("stonith_admin", "--reboot", node, "--tolerance", "3", NULL);
	if (request != NULL) {
		request->timeout_ms = VX_FENCE_TOOL_MS;
	}
	return pacemaker_add(&pacemaker->fencing, request);
}

int pacemaker_attr_set(struct pacemaker *pacemaker, const char *name, const char *value)
{
	struct pacemaker_lane *lane = &pacemaker->attribute;

	if (!pacemaker_name_is_good(name) || !pacemaker_name_is_good(value)) {
		return -VX_E_SYNTAX;
	}
	/* the first of the queue runs already */
	for (size_t i = 1; i < lane->count; i++) {
		char **argv = lane->queue[i]->argv;

		if (strcmp(argv[2], name) == 0) {
			char *copy = strdup(value);

			if (copy == NULL) {
				return -ENOMEM;
			}
			free(argv[4]);
			argv[4] = copy;
			return 0;
		}
	}
	return pacemaker_add(lane,
			     pacemaker_request_new("attrd_updater", "-n", name, "-U", value, NULL));
}

/* The agent wrote one line: the name of its resource. */
static int pacemaker_read_resource(char *out, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/resource", path_run_dir());

	FILE *file = fopen(path, "re");

	if (file == NULL) {
		return -ENOENT;
	}

	bool got = fgets(out, (int)size, file) != NULL;

	fclose(file);
	if (!got) {
		return -ENOENT;
	}
	out[strcspn(out, "\n")] = '\0';
	return 0;
}

int pacemaker_fail(struct pacemaker *pacemaker, const char *resource, const char *node)
{
	char name[VX_NODENAME_MAX + 2];

	if (resource == NULL) {
		int rc = pacemaker_read_resource(name, sizeof(name));

		if (rc != 0) {
			return rc;
		}
		resource = name;
	}
	if (!pacemaker_name_is_good(resource) || !pacemaker_name_is_good(node)) {
		return -VX_E_SYNTAX;
	}
	return pacemaker_add(&pacemaker->node, pacemaker_request_new("crm_resource", "--fail", "-r",
								     resource, "-N", node, NULL));
}

int pacemaker_fencing_enabled(struct pacemaker *pacemaker,
			      void (*fn)(void *ctx, enum pacemaker_answer answer), void *ctx)
{
	struct pacemaker_request *request = pacemaker_request_new(
		"crm_mon", "--output-as=xml", "--exclude=all", "--include=options", NULL);

	if (request != NULL) {
		request->fn = fn;
		request->ctx = ctx;
	}
	return pacemaker_add(&pacemaker->node, request);
}

/* ---- life ---- */

int pacemaker_create(struct loop *loop, struct pacemaker **out_pacemaker)
{
	struct pacemaker *pacemaker = calloc(1, sizeof(*pacemaker));

	if (pacemaker == NULL) {
		return -ENOMEM;
	}
	pacemaker->loop = loop;
	pacemaker->node.pacemaker = pacemaker;
	pacemaker->fencing.pacemaker = pacemaker;
	pacemaker->attribute.pacemaker = pacemaker;
	*out_pacemaker = pacemaker;
	return 0;
}

static void pacemaker_lane_end(struct pacemaker_lane *lane, bool start_rest)
{
	loop_timer_cancel(&lane->timer);
	if (lane->child != NULL) {
		child_forget(lane->child);
		lane->child = NULL;
		pacemaker_request_free(pacemaker_take(lane));
	}
	while (lane->count > 0) {
		if (start_rest && pacemaker_spawn(lane) == 0) {
			child_forget(lane->child);
		}
		pacemaker_request_free(pacemaker_take(lane));
	}
}

void pacemaker_destroy(struct pacemaker *pacemaker)
{
	if (pacemaker != NULL) {
		pacemaker_lane_end(&pacemaker->node, true);
		pacemaker_lane_end(&pacemaker->fencing, true);
		pacemaker_lane_end(&pacemaker->attribute, false);
		free(pacemaker);
	}
}
