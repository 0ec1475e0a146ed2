/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tasks of all nodes (resynchronisations, waiting transactions) as vxtask shows them. */
#ifndef VX_CMD_PRINT_TASK_H
#define VX_CMD_PRINT_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "vxha.pb-c.h"

#define TASK_NODES_MAX 256

struct task_row {
	const Vx__Task *task; /* of the answer, which must outlive the row */
	bool finished;
	unsigned int last; /* number of the node that told of it last */
	char node[TASK_NODES_MAX]; /* where it runs; "a,b" when it is not known who of these does it
				    */
};

struct task_choice {
	const char *group; /* "": all */
	char **word;	   /* task ids or names of volumes; none: all */
	size_t word_count;
	bool finished; /* those that ended, too */
};

/*
 * The chosen tasks in the order of their begin, node and id. A resynchronisation, of which all nodes tell, is one task: that
 * of the node that knows most. Free the array with free().
 */
size_t print_task_collect(const Vx__Reply *reply, const struct task_choice *choice,
			  struct task_row **out_row);
/* TASKID PTID TYPE/STATE PCT PROGRESS NODE. */
void print_task_list(const struct task_row *row, size_t count, bool header, FILE *out);
void print_task_long(const struct task_row *row, size_t count, FILE *out);
void print_task_json(const struct task_row *row, size_t count, FILE *out);

#endif
