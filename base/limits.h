/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every bound of vxha in one place. Sizes are bytes unless the name says otherwise. */
#ifndef VX_BASE_LIMITS_H
#define VX_BASE_LIMITS_H

#define VX_SECTOR 512
#define VX_BLOCK 4096 /* unit of the formats on disk */

/* cluster */
#define VX_NODES_MAX 32 /* members of a view, slots of dirty maps */
#define VX_NAME_MAX 31	/* names of groups, disks, volumes, plexes, subdisks (as VxVM) */
#define VX_NODENAME_MAX 255
#define VX_CLUSTERNAME_MAX 63 /* a label has no more room for its owner */
#define VX_REASON_MAX 512  /* a reason shown to a person */
#define VX_CONFIGD_STARTS_MAX 5 /* of a vxconfigd that dies, within VX_CONFIGD_STARTS_MS */

/*
 * Cluster protocol versions that this build speaks (R21). The cluster runs one of them; what a
 * version brought is not used below it. PROTOCOL_MAX= of make builds an older program.
 *   10  the first one
 *   11  vxclustadm setmaster (R19)
 *   12  several requests share a transaction (T15)
 *   13  plexes are attached: written and not read
 *   14  mirrored volumes become longer and shorter
 *   15  a dirty region log that cannot be folded is told, and counts as lost; a window of a resync is
 *       given back; who joined in a view owns no resync in it (V25); the disks that a master sees are
 *       told as bits (T14)
 *   16  regions that a failed write left different are told to all vxiods (V12)
 *   17  what the end of an attach brings beside it: vxplex mv, cp
 */
#define VX_PROTOCOL_MIN 10
#ifndef VX_PROTOCOL_MAX
#define VX_PROTOCOL_MAX 17
#endif
#define VX_PROTOCOL_SETMASTER 11
#define VX_PROTOCOL_SHARE 12
#define VX_PROTOCOL_ATTACH 13
#define VX_PROTOCOL_RESIZE 14
#define VX_PROTOCOL_LOST 15
#define VX_PROTOCOL_OWNER 15
#define VX_PROTOCOL_DISKS 15
#define VX_PROTOCOL_DIFFERS 16
#define VX_PROTOCOL_MOVE 17

/* other versions that vxdctl support shows */
#define VX_CONFIGD_VERSION 1 /* records on disk (DISK-FORMAT.md) */
#define VX_IOD_VERSION 1     /* dirty region log */
#define VX_DG_VERSION_MIN 1  /* disk groups */
#define VX_DG_VERSION_MAX 1

/* threads of a daemon for calls that may block */
#define VX_WORKERS_MAX 64	 /* so many disks may hang at one time */
#define VX_WORKER_JOBS_MAX 65536 /* calls given and not yet answered */

/* messages */
#define VX_CPG_MSG_MAX (60 * 1024) /* larger ones make the ring slow (PROTOCOL.md) */
#define VX_CPG_QUEUE_MAX 1024	   /* packets waiting for Corosync; the view protocol has as many more */
#define VX_CPG_WINDOW (256 * 1024) /* bytes sent and not yet delivered to ourselves */
#define VX_IPC_MSG_MAX (16 * 1024 * 1024)
#define VX_IPC_QUEUE_MAX 4096 /* packets waiting for one slow client */
#define VX_IPC_PEERS_MAX 256

/* tools of Pacemaker that we start */
#define VX_TOOL_OUTPUT_MAX 16384 /* what is kept of one tool's output */
#define VX_TOOL_QUEUE_MAX 32	 /* requests waiting for a tool to end */
#define VX_FENCE_TEXT_MAX 4096	 /* one packet between vxclustd and its fencing helper */

/* configuration */
#define VX_GROUPS_MAX 64
#define VX_SECTORS_MAX (1ULL << 54) /* of a disk or volume: its byte offsets fit off_t */
#define VX_DISKS_MAX 256	    /* in one group */
#define VX_VOLUMES_MAX 4096	    /* in one group */
#define VX_PLEXES_MAX 32	    /* of one volume */
#define VX_SUBDISKS_MAX 256	    /* of one plex */
#define VX_COPIES_MAX 32	    /* configuration copies of one group */
#define VX_LOOK_MISSING_MAX 64	    /* disks that a joiner does not see, as far as they are told */
#define VX_OPEN_CLAIMS_MAX 16	    /* of a survey that are told */
#define VX_OUTCOMES_MAX 128	    /* outcomes that are remembered */
#define VX_ENDINGS_MAX 4096	    /* committed transactions that each vxconfigd remembers */
#define VX_AUDIT_LINE_MAX 256	    /* bytes of a command line in them, with the NUL */
#define VX_TXN_QUEUE_MAX 256	    /* requests waiting for one group */
#define VX_TXN_QUEUE_NODE_MAX 128   /* of them from one node */
#define VX_TXN_SHARE_MAX 32	    /* requests that share one transaction */
#define VX_OPERANDS_MAX 256	    /* words of one command */
#define VX_WORD_MAX 255		    /* bytes of one of them; shorter than VX_REASON_MAX */

/* disks of a node */
#define VX_DEVICES_MAX 1024 /* paths that one scan looks at */
#define VX_PRIV_LEN 65536   /* private region, sectors: the default, 32 MiB as in the original */
#define VX_PRIV_LEN_MIN 2048
#define VX_PRIV_LEN_MAX (8 * 1024 * 1024)
#define VX_MEMORY_MAX 1024 /* groups that a node remembers */

/* vxiod */
#define VX_LANES_MAX 8		 /* I/O threads */
#define VX_IO_BYTES (256 * 1024) /* data of one request inside vxiod; larger ones are cut */
#define VX_VOLUME_REQUESTS 64	 /* of one volume in flight or waiting; then back-pressure */
#define VX_LANE_LEGS 2048	 /* transfers to disks in flight in one I/O thread */
#define VX_COPY_SLOTS 16	 /* pieces of VX_IO_BYTES that one I/O thread copies at a time */
#define VX_WINDOW_BYTES (4 * 1024 * 1024) /* part of a volume that a resync copies at a time */
#define VX_NBD_CLIENTS_MAX 256
#define VX_NBD_TALKS_MAX 64  /* of them that have not chosen their export yet */
#define VX_NBD_SEND_BYTES (4 * 1024 * 1024) /* send buffer: answers that a client has not read */
#define VX_OPENS_MAX 4096    /* processes that have volumes open */
#define VX_TASKS_FINISHED 32 /* finished tasks that are remembered */

#define VX_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#ifdef VX_SMALL /* the simulator: so that it is fast, and meets its limits */
#undef VX_NODES_MAX
#undef VX_BLOCK
#undef VX_DISKS_MAX
#undef VX_COPIES_MAX
#undef VX_OPEN_CLAIMS_MAX
#define VX_NODES_MAX 16
#define VX_BLOCK 1024
#define VX_DISKS_MAX 5
#define VX_COPIES_MAX 5
#define VX_OPEN_CLAIMS_MAX 2
#endif

#endif
