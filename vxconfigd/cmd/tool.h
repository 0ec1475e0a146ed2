/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a utility is: its options, verbs and help, as constant tables.
 *
 * From one table come the parsing (command.h), --help (usage.h) and the words for shell completion,
 * so that they cannot differ. Pure data.
 */
#ifndef VX_CMD_TOOL_H
#define VX_CMD_TOOL_H

#include <stdbool.h>
#include <stddef.h>

enum option_use {
	OPTION_LOCAL, /* for the utility itself: not sent */
	OPTION_FLAG,  /* sent as the flag `word` */
	OPTION_GROUP, /* -g: the disk group */
	OPTION_EXTRA, /* -o WORD[,WORD]: sent as flags "o:WORD" */
};

struct tool_option {
	char letter;	      /* 0: only the long name */
	const char *name;     /* long name */
	const char *argument; /* NULL: takes none */
	enum option_use use;
	const char *word;
	const char *help;
	const char *verbs; /* that take it, separated by blanks; NULL: every one */
};

enum group_need { GROUP_UNUSED, GROUP_OPTIONAL, GROUP_NEEDED };

struct tool_verb {
	const char *name;
	const char *operands; /* as shown: "GROUP [NAME=]DEVICE ..." */
	unsigned int min,
		max; /* number of operands; max 0: no operands, TOOL_MANY: no bound of its own */
	enum group_need group;
	bool change;	   /* changes the configuration: its outcome must be known */
	bool media;	   /* words NAME=DEVICE are operands, unless NAME is one of `attrs` */
	const char *attrs; /* known attributes, separated by blanks; NULL: none */
	const char *help;  /* one line */
};

#define TOOL_MANY 100000

struct tool_example {
	const char *what;
	const char *line;
};

struct tool {
	const char *name;
	const char *purpose;		  /* one line */
	const struct tool_option *option; /* ends with an entry without a name */
	const struct tool_verb *verb;	  /* ends with an entry without a name */
	bool verbless;			  /* the only verb is not typed */
	const struct tool_example *example; /* ends with an entry without a line */
	const char *see_also;
};

/* Options that several utilities have in the same form. */
#define OPTION_ROW_GROUP \
	{ \
		'g', "group", "GROUP", OPTION_GROUP, NULL, "the disk group", NULL \
	}
#define OPTION_ROW_QUIET(verbs) \
	{ \
		'q', "quiet", NULL, OPTION_LOCAL, NULL, "no header lines", verbs \
	}
#define OPTION_ROW_JSON(verbs) \
	{ \
		0, "json", NULL, OPTION_LOCAL, NULL, "print JSON instead of columns", verbs \
	}
#define OPTION_ROW_DRY_RUN(letter, verbs) \
	{ \
		letter, "dry-run", NULL, OPTION_FLAG, "dry-run", \
			"check on all nodes, print what would change, change nothing", verbs \
	}
#define OPTION_ROW_FORCE(verbs) \
	{ \
		'f', "force", NULL, OPTION_FLAG, "f", "do it although it is dangerous", verbs \
	}
/* Without a letter where -v means something else. */
#define OPTION_ROW_PROGRESS(letter) \
	{ \
		letter, "verbose", NULL, OPTION_LOCAL, NULL, \
			"show progress even if stderr is not a terminal", NULL \
	}
#define OPTION_ROW_END \
	{ \
		0, NULL, NULL, OPTION_LOCAL, NULL, NULL, NULL \
	}
#define VERB_ROW_END \
	{ \
		NULL, NULL, 0, 0, GROUP_UNUSED, false, false, NULL, NULL \
	}
#define EXAMPLE_ROW_END \
	{ \
		NULL, NULL \
	}

#endif
