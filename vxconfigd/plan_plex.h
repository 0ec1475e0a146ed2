/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the state of plexes means for their volume; plans that are made without a request. */
#ifndef VX_VXCONFIGD_PLAN_PLEX_H
#define VX_VXCONFIGD_PLAN_PLEX_H

#include <stdbool.h>

#include "vxconfigd/plan.h"

/* Does the plex hold the volume's data completely, started or not? */
bool plex_is_complete(const Vx__Vol *vol, const Vx__Plex *plex);
/* Does any? */
bool volume_is_startable(const Vx__Config *config, const Vx__Vol *vol);
/* A plex was detached: a volume that is left with one complete one has nothing to be made equal. */
void volume_lost_plex(const Vx__Config *config, Vx__Vol *vol);

/*
 * The plex leaves its volume; what the volume says about it goes too. instead: what takes its place in that, or
 * NULL. The volume's I/O must be quiet.
 */
void plex_dissociate(Vx__Config *config, Vx__Plex *plex, const Vx__Plex *instead);
/* What was to come with the end of its attach (vxplex mv, cp) is not wanted any more. */
void plex_stays(Vx__Plex *plex);
/* A new attach of the plex begins, in this state. */
void plex_attach(Vx__Config *config, Vx__Plex *plex, Vx__PlexState state);

/* A TXN_CHANGE from before to after, without anything else. */
struct plan *plan_of_change(const Vx__Config *before, const Vx__Config *after);

#endif
