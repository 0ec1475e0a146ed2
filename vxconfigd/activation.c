// SPDX-License-Identifier: GPL-2.0-or-later
/* Activation modes of a shared group. */
#include "vxconfigd/activation.h"

#include <assert.h>
#include <string.h>

#include "base/errors.h"

#define MODE(name) (1u << VX__ACTIVATION__ACT_##name)
#define ACTIVATION_COUNT (VX__ACTIVATION__ACT_EW + 1)

static const struct {
	const char *name, *brief;
	uint32_t conflicts; /* symmetric: the unit test looks */
} activation_table[ACTIVATION_COUNT] = {
	[VX__ACTIVATION__ACT_OFF] = { "off", "off", 0 },
	[VX__ACTIVATION__ACT_SR] = { "shared-read", "sr", 0 },
	[VX__ACTIVATION__ACT_RO] = { "read-only", "ro", MODE(EW) | MODE(SW) },
	[VX__ACTIVATION__ACT_SW] = { "shared-write", "sw", MODE(EW) | MODE(RO) },
	[VX__ACTIVATION__ACT_EW] = { "exclusive-write", "ew", MODE(EW) | MODE(RO) | MODE(SW) },
};

static bool activation_is_valid(Vx__Activation mode)
{
	return (unsigned int)mode < ACTIVATION_COUNT;
}

bool activation_conflicts(Vx__Activation a, Vx__Activation b)
{
	assert(activation_is_valid(a) && activation_is_valid(b));
	return (activation_table[a].conflicts & (1u << b)) != 0;
}

bool activation_writes(Vx__Activation mode)
{
	return mode == VX__ACTIVATION__ACT_SW || mode == VX__ACTIVATION__ACT_EW;
}

Vx__Activation activation_get(const struct activation_map *map, uint32_t nodeid)
{
	for (size_t i = 0; i < map->count; i++) {
		if (map->node[i].nodeid == nodeid) {
			return map->node[i].mode;
		}
	}
	return VX__ACTIVATION__ACT_OFF;
}

void activation_set(struct activation_map *map, uint32_t nodeid, Vx__Activation mode)
{
	size_t i = 0;

	if (!activation_is_valid(mode)) {
		mode = VX__ACTIVATION__ACT_OFF; /* of a newer version */
	}
	while (i < map->count && map->node[i].nodeid != nodeid) {
		i++;
	}
	if (i == VX_NODES_MAX) {
		return;
	}
	if (i == map->count) {
		map->count++;
	}
	map->node[i] = (struct activation_node){ .nodeid = nodeid, .mode = mode };
}

int activation_check(const struct activation_map *map, uint32_t nodeid, Vx__Activation mode,
		     uint32_t *out_nodeid)
{
	if (!activation_is_valid(mode)) {
		return -VX_E_VERSION;
	}
	for (size_t i = 0; i < map->count; i++) {
		if (map->node[i].nodeid != nodeid &&
		    activation_conflicts(map->node[i].mode, mode)) {
			*out_nodeid = map->node[i].nodeid;
			return -VX_E_BUSY;
		}
	}
	return 0;
}

bool activation_admit(struct activation_map *map, uint32_t nodeid, Vx__Activation mode)
{
	uint32_t other;

	if (activation_check(map, nodeid, mode, &other) != 0) {
		activation_set(map, nodeid, VX__ACTIVATION__ACT_OFF);
		return false;
	}
	activation_set(map, nodeid, mode);
	return true;
}

/* "exclusivewrite" is "exclusive-write" without its hyphen. */
static bool activation_same(const char *text, const char *name)
{
	while (*text != '\0' && *name != '\0') {
		if (*name == '-' && *text != '-') {
			name++;
		}
		if (*text++ != *name++) {
			return false;
		}
	}
	return *text == *name;
}

int activation_parse(const char *text, Vx__Activation *out_mode)
{
	for (size_t i = 0; i < ACTIVATION_COUNT; i++) {
		if (strcmp(text, activation_table[i].brief) == 0 ||
		    activation_same(text, activation_table[i].name)) {
			*out_mode = (Vx__Activation)i;
			return 0;
		}
	}
	return -VX_E_SYNTAX;
}

const char *activation_name(Vx__Activation mode)
{
	return activation_is_valid(mode) ? activation_table[mode].name : "off";
}
