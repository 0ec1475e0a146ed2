// SPDX-License-Identifier: GPL-2.0-or-later
/* Who changed what in the groups. */
#include "vxconfigd/cmd/print_audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/id.h"
#include "base/limits.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_group.h"
#include "vxconfigd/cmd/print_table.h"
#include "vxconfigd/cmd/words.h"

#define AUDIT_TEXT_MAX 40

static const char *audit_result(const Vx__Outcome *outcome)
{
	return outcome->committed ? "committed" : "aborted";
}

static const char *audit_time(const Vx__Author *author, char out[AUDIT_TEXT_MAX])
{
	time_t seconds = (time_t)(author->time_ms / 1000u);
	struct tm local;

	if (localtime_r(&seconds, &local) == NULL ||
	    strftime(out, AUDIT_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &local) == 0) {
		return "";
	}
	return out;
}

static void audit_row(struct table *table, const char *group, const Vx__Outcome *outcome)
{
	const Vx__Author *author = outcome->author;
	char text[AUDIT_TEXT_MAX];

	table_cell(table, "%s", author != NULL ? audit_time(author, text) : "");
	table_cell(table, "%s", group);
	table_cell(table, "%s", audit_result(outcome));
	if (author == NULL) { /* the master that decided did not know who had asked */
		for (int i = 0; i < 4; i++) {
			table_cell(table, "%s", "");
		}
	} else {
		table_cell(table, "%s", author->node);
		table_cell(table, "%s", word_user(author->uid, text));
		table_cell(table, "%" PRIu32, author->pid);
		table_cell(table, "%s", author->command_line);
	}
	table_end_row(table);
}

void print_audit(const Vx__Reply *reply, const char *group, FILE *out)
{
	static const struct table_column column[] = { { 19, false }, { 12, false }, { 9, false },
						      { 8, false },  { 8, false },  { 6, true },
						      { 7, false } };
	struct table *table = table_new(column, VX_COUNT_OF(column));
	const Vx__GroupInfo **sorted;
	size_t count = print_group_sort(reply, group, &sorted);

	table_words(table, "TIME GROUP RESULT NODE USER PID COMMAND");
	for (size_t i = 0; i < count; i++) {
		const Vx__Config *config = sorted[i]->config;

		for (size_t k = 0; k < config->n_outcome; k++) {
			audit_row(table, config->dg->name, config->outcome[k]);
		}
	}
	table_print(table, out);
	free(sorted);
}

static void audit_json(struct json_object *entry, const Vx__Dg *dg, const Vx__Outcome *outcome)
{
	const Vx__Author *author = outcome->author;
	char txid[ID_TEXT];

	id_text(outcome->txid.data, outcome->txid.len < ID_BYTES ? outcome->txid.len : ID_BYTES,
		txid);
	json_add_text(entry, "group", dg->name);
	json_add_text(entry, "dgid", dg->dgid);
	json_add_text(entry, "transaction", txid);
	json_add_text(entry, "outcome", audit_result(outcome));
	json_add_number(entry, "epoch", outcome->epoch);
	json_add_number(entry, "seq", outcome->seq);
	if (author != NULL) {
		json_add_number(entry, "time_ms", author->time_ms);
		json_add_text(entry, "node", author->node);
		json_add_number(entry, "uid", author->uid);
		json_add_number(entry, "pid", author->pid);
		json_add_text(entry, "command", author->command_line);
	}
}

void print_audit_json(const Vx__Reply *reply, const char *group, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_list(root, "changes");
	const Vx__GroupInfo **sorted;
	size_t count = print_group_sort(reply, group, &sorted);

	for (size_t i = 0; i < count; i++) {
		const Vx__Config *config = sorted[i]->config;

		for (size_t k = 0; k < config->n_outcome; k++) {
			audit_json(json_entry(list), config->dg, config->outcome[k]);
		}
	}
	json_print(root, out);
	free(sorted);
}
