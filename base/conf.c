// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration file of a node. */
#include "base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/errors.h"
#include "base/limits.h"
#include "base/paths.h"

#define CONF_LINE_MAX 1024

static const struct {
	const char *name;
	const char *standard;
} conf_table[CONF_COUNT] = {
#define CONF_ROW(key, value, help) [CONF_##key] = { #key, value },
	CONF_KEYS(CONF_ROW)
#undef CONF_ROW
};

struct conf {
	char *value[CONF_COUNT];
	bool missing; /* there was no file */
};

static char *conf_trim(char *text)
{
	while (isspace((unsigned char)*text)) {
		text++;
	}

	size_t length = strlen(text);

	while (length > 0 && isspace((unsigned char)text[length - 1])) {
		text[--length] = '\0';
	}
	return text;
}

static int conf_set(struct conf *conf, const char *key, const char *value)
{
	for (int i = 0; i < CONF_COUNT; i++) {
		if (strcmp(conf_table[i].name, key) == 0) {
			free(conf->value[i]);
			conf->value[i] = strdup(value);
			return conf->value[i] != NULL ? 0 : -ENOMEM;
		}
	}
	return -VX_E_NOTFOUND;
}

static int conf_parse(struct conf *conf, FILE *file, const char *path, char *out_reason)
{
	char line[CONF_LINE_MAX];

	for (int number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
		line[strcspn(line, "#\n")] = '\0';

		char *key = conf_trim(line);

		if (*key == '\0') {
			continue;
		}

		char *equal = strchr(key, '=');

		if (equal == NULL) {
			snprintf(out_reason, VX_REASON_MAX, "%s:%d: not `key = value`", path,
				 number);
			return -VX_E_SYNTAX;
		}
		*equal = '\0';
		key = conf_trim(key);

		int rc = conf_set(conf, key, conf_trim(equal + 1));

		if (rc == -VX_E_NOTFOUND) {
			snprintf(out_reason, VX_REASON_MAX, "%s:%d: unknown key '%s'", path, number,
				 key);
			return -VX_E_SYNTAX;
		}
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

int conf_read(const char *path, struct conf **out_conf, char *out_reason)
{
	const char *name = path != NULL ? path : path_conf_file();
	struct conf *conf = calloc(1, sizeof(*conf));
	int rc = 0;

	if (conf == NULL) {
		return -ENOMEM;
	}
	for (int i = 0; i < CONF_COUNT; i++) {
		conf->value[i] = strdup(conf_table[i].standard);
		if (conf->value[i] == NULL) {
			conf_free(conf);
			return -ENOMEM;
		}
	}

	FILE *file = fopen(name, "re");

	if (file != NULL) {
		rc = conf_parse(conf, file, name, out_reason);
		fclose(file);
	} else if (errno == ENOENT && path == NULL) {
		conf->missing = true;
	} else {
		rc = -errno;
		snprintf(out_reason, VX_REASON_MAX, "%s: %s", name, strerror(errno));
	}
	if (rc != 0) {
		conf_free(conf);
		return rc;
	}
	*out_conf = conf;
	return 0;
}

void conf_free(struct conf *conf)
{
	if (conf == NULL) {
		return;
	}
	for (int i = 0; i < CONF_COUNT; i++) {
		free(conf->value[i]);
	}
	free(conf);
}

bool conf_is_missing(const struct conf *conf, char *out_text)
{
	size_t length;

	if (!conf->missing) {
		return false;
	}
	snprintf(out_text, VX_REASON_MAX,
		 "%s does not exist, the defaults are used:", path_conf_file());
	for (int i = 0; i < CONF_COUNT; i++) {
		length = strlen(out_text);
		snprintf(out_text + length, VX_REASON_MAX - length, "%s %s = %s", i > 0 ? "," : "",
			 conf_table[i].name, conf->value[i]);
	}
	return true;
}

const char *conf_get(const struct conf *conf, enum conf_key key)
{
	return conf->value[key];
}

bool conf_get_bool(const struct conf *conf, enum conf_key key)
{
	const char *value = conf->value[key];

	return strcasecmp(value, "yes") == 0 || strcasecmp(value, "on") == 0 ||
	       strcmp(value, "1") == 0;
}

unsigned int conf_get_number(const struct conf *conf, enum conf_key key)
{
	return (unsigned int)strtoul(conf->value[key], NULL, 10);
}
