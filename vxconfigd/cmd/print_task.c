// SPDX-License-Identifier: GPL-2.0-or-later
/* Tasks of all nodes as vxtask shows them. */
#include "vxconfigd/cmd/print_task.h"

#include <ctype.h>
#include <inttypes.h>

#include "base/limits.h"
#include "vxconfigd/cmd/heap.h"
#include "vxconfigd/cmd/json.h"
#include "vxconfigd/cmd/print_table.h"
#include "vxconfigd/cmd/words.h"

struct task_collector {
	const struct task_choice *choice;
	struct task_row *row;
	size_t count;
	size_t of_node; /* rows before those of the node that is being read */
	unsigned int node; /* that one: 1, 2, ... */
};

/* X(letter as vxiod and the list have it, word) */
#define TASK_STATES(X) \
	X('R', "running") X('W', "waiting") X('P', "paused") X('A', "aborting") X('D', "done")

/* "running" for "R", and so on. */
static const char *print_task_state(const Vx__Task *task)
{
	switch (toupper((unsigned char)task->state[0])) {
#define TASK_STATE_CASE(letter, word) \
	case letter: \
		return word;
		TASK_STATES(TASK_STATE_CASE)
#undef TASK_STATE_CASE
	}
	return task->state;
}

static bool task_is_chosen(const struct task_choice *choice, const Vx__Task *task)
{
	char id[24];

	if (choice->group[0] != '\0' && strcmp(choice->group, task->group) != 0) {
		return false;
	}
	snprintf(id, sizeof(id), "%" PRIu64, task->id);
	for (size_t i = 0; i < choice->word_count; i++) {
		if (strcmp(choice->word[i], id) == 0 ||
		    strcmp(choice->word[i], task->volume) == 0) {
			return true;
		}
	}
	return choice->word_count == 0;
}

/* Does another node tell of the same work? One volume is resynchronised once at a time. */
static bool task_is_same(const struct task_row *row, const Vx__Task *task, bool finished)
{
	const Vx__Task *other = row->task;

	if (task->author != NULL && other->author != NULL) { /* its node and the master tell of it */
		return task->author->pid == other->author->pid &&
		       strcmp(task->author->node, other->author->node) == 0 &&
		       strcmp(task->author->command_line, other->author->command_line) == 0;
	}
	if (row->finished != finished || strcmp(other->type, task->type) != 0 ||
	    strcmp(other->group, task->group) != 0 || strcmp(other->volume, task->volume) != 0) {
		return false;
	}
	return !finished ||
	       (other->regions == task->regions && other->all_regions == task->all_regions &&
		other->elapsed_ms == task->elapsed_ms);
}

/* The row for the same work, of which the node that is being read has told nothing yet. NULL: none. */
static struct task_row *task_find(struct task_collector *collector, const Vx__Task *task,
				  bool finished)
{
	for (size_t i = 0; i < collector->of_node; i++) {
		struct task_row *row = &collector->row[i];

		if (row->last != collector->node && task_is_same(row, task, finished)) {
			return row;
		}
	}
	return NULL;
}

static void task_take_one(struct task_collector *collector, const char *node, const Vx__Task *task,
			  bool finished)
{
	struct task_row *row = task_find(collector, task, finished);

	if (row == NULL) {
		row = &collector->row[collector->count++];
		*row = (struct task_row){ .task = task,
					  .finished = finished,
					  .last = collector->node };
		snprintf(row->node, sizeof(row->node), "%s",
			 task->node[0] != '\0' ? task->node : node);
		return;
	}
	row->last = collector->node;
	if (task->node[0] == '\0' && row->task->node[0] == '\0') {
		size_t used = strlen(row->node);

		snprintf(row->node + used, sizeof(row->node) - used, ",%s", node);
	} else if (task->node[0] != '\0') {
		snprintf(row->node, sizeof(row->node), "%s", task->node);
	}
	if (task->done > row->task->done) {
		row->task = task;
	}
}

static void task_take(struct task_collector *collector, const char *node, Vx__Task *const *task,
		      size_t count, bool finished)
{
	for (size_t i = 0; i < count; i++) {
		if (task_is_chosen(collector->choice, task[i])) {
			task_take_one(collector, node, task[i], finished);
		}
	}
}

static void task_take_report(struct task_collector *collector, const char *node,
			     const Vx__IodReport *report)
{
	if (report == NULL) {
		return;
	}
	collector->of_node = collector->count;
	collector->node++;
	task_take(collector, node, report->task, report->n_task, false);
	if (collector->choice->finished) {
		task_take(collector, node, report->finished, report->n_finished, true);
	}
}

static int task_compare(const void *left, const void *right)
{
	const struct task_row *a = left, *b = right;
	int order = strcmp(a->node, b->node);

	if (a->task->started_ms != b->task->started_ms) {
		return a->task->started_ms < b->task->started_ms ? -1 : 1;
	}
	if (order == 0 && a->task->id != b->task->id) {
		order = a->task->id < b->task->id ? -1 : 1;
	}
	return order;
}

static int task_compare_nodes(const void *left, const void *right)
{
	const Vx__NodeReport *const *a = left, *const *b = right;

	return strcmp((*a)->node, (*b)->node);
}

/* By their names, whoever answered first. */
static void task_take_nodes(struct task_collector *collector, const Vx__Reply *reply)
{
	Vx__NodeReport **node = heap_zero(reply->n_node, sizeof(Vx__NodeReport *));

	for (size_t i = 0; i < reply->n_node; i++) {
		node[i] = reply->node[i];
	}
	qsort(node, reply->n_node, sizeof(Vx__NodeReport *), task_compare_nodes);
	for (size_t i = 0; i < reply->n_node; i++) {
		task_take_report(collector, node[i]->node, node[i]->io);
	}
	free(node);
}

static size_t task_room(const Vx__IodReport *report)
{
	return report != NULL ? report->n_task + report->n_finished : 0;
}

size_t print_task_collect(const Vx__Reply *reply, const struct task_choice *choice,
			  struct task_row **out_row)
{
	struct task_collector collector = { .choice = choice };
	size_t room = task_room(reply->io);

	for (size_t i = 0; i < reply->n_node; i++) {
		room += task_room(reply->node[i]->io);
	}
	collector.row = heap_zero(room, sizeof(*collector.row));
	task_take_nodes(&collector, reply);
	if (reply->n_node == 0) {
		task_take_report(&collector, "-", reply->io);
	}
	qsort(collector.row, collector.count, sizeof(*collector.row), task_compare);
	*out_row = collector.row;
	return collector.count;
}

static double task_percent(const Vx__Task *task)
{
	if (task->total > 0) {
		return 100.0 * (double)task->done / (double)task->total;
	}
	return 0;
}

/* The words of the original. */
static const char *print_task_operation(const Vx__Task *task)
{
	return task->plex[0] != '\0' ? "PLXATT" : "VOL";
}

void print_task_list(const struct task_row *row, size_t count, bool header, FILE *out)
{
	static const struct table_column column[] = { { 6, true }, { 5, true },	  { 10, false },
						      { 6, true }, { 28, false }, { 4, false } };
	struct table *table = table_new(column, VX_COUNT_OF(column));

	if (header) {
		table_words(table, "TASKID PTID TYPE/STATE PCT PROGRESS NODE");
	}
	for (size_t i = 0; i < count; i++) {
		const Vx__Task *task = row[i].task;
		char user[WORD_USER_MAX];

		if (task->id != 0) {
			table_cell(table, "%" PRIu64, task->id);
		} else {
			table_cell(table, "-");
		}
		table_cell(table, " "); /* no task has a parent */
		table_cell(table, "%s/%c", task->type, toupper((unsigned char)task->state[0]));
		table_cell(table, "%05.2f%%", task_percent(task));
		if (task->author != NULL) {
			table_cell(table,
				   "%s (%s, pid %" PRIu32 ", %" PRIu64 " s) waits for %s",
				   task->author->command_line, word_user(task->author->uid, user),
				   task->author->pid, task->elapsed_ms / 1000, task->waits_for);
		} else if (task->waits_for[0] != '\0') {
			table_cell(table, "waits for %s", task->waits_for);
		} else {
			table_cell(table, "0/%" PRIu64 "/%" PRIu64 " %s %s%s%s %s", task->total,
				   task->done, print_task_operation(task), task->volume,
				   task->plex[0] != '\0' ? " " : "", task->plex, task->group);
		}
		table_cell(table, "%s", row[i].node);
		table_end_row(table);
	}
	table_print(table, out);
}

static void print_task_change(const struct task_row *row, FILE *out)
{
	const Vx__Task *task = row->task;
	char user[WORD_USER_MAX];

	fprintf(out, "Task:      - %s\n", print_task_state(task));
	fprintf(out, "Type:      %s\n", task->type);
	fprintf(out, "Operation: %s\n", task->author->command_line);
	fprintf(out, "Group:     %s\n", task->group);
	fprintf(out, "Node:      %s\n", row->node);
	fprintf(out, "Typed by:  %s (pid %" PRIu32 ")\n", word_user(task->author->uid, user),
		task->author->pid);
	fprintf(out, "Wait time: %" PRIu64 ".%03" PRIu64 " seconds\n", task->elapsed_ms / 1000,
		task->elapsed_ms % 1000);
	fprintf(out, "Waits for: %s\n", task->waits_for);
}

void print_task_long(const struct task_row *row, size_t count, FILE *out)
{
	for (size_t i = 0; i < count; i++) {
		const Vx__Task *task = row[i].task;

		fputs(i > 0 ? "\n" : "", out);
		if (task->author != NULL) {
			print_task_change(&row[i], out);
			continue;
		}
		fprintf(out, "Task:      %" PRIu64 " %s\n", task->id, print_task_state(task));
		fprintf(out, "Type:      %s\n", task->type);
		fprintf(out, "Operation: %s %s%s%s DG %s\n", print_task_operation(task),
			task->volume, task->plex[0] != '\0' ? " " : "", task->plex, task->group);
		fprintf(out, "Node:      %s\n", row[i].node);
		fprintf(out, "Progress:  %.2f%% %" PRIu64 " of %" PRIu64 " Blocks\n",
			task_percent(task), task->done, task->total);
		fprintf(out, "Regions:   %" PRIu64 " of %" PRIu64 " regions of the volume\n",
			task->regions, task->all_regions);
		fprintf(out, "Work time: %" PRIu64 ".%03" PRIu64 " seconds\n",
			task->elapsed_ms / 1000, task->elapsed_ms % 1000);
		if (task->waits_for[0] != '\0') {
			fprintf(out, "Waits for: %s\n", task->waits_for);
		}
	}
}

void print_task_json(const struct task_row *row, size_t count, FILE *out)
{
	struct json_object *root = json_object_new_object();
	struct json_object *list = json_list(root, "tasks");

	for (size_t i = 0; i < count; i++) {
		json_task(json_entry(list), row[i].node, print_task_state(row[i].task),
			  row[i].task);
	}
	json_print(root, out);
}
