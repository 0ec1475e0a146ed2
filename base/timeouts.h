/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every time-out of vxha, with the timeline that they must fit.
 *
 * A node dies at 0 (Corosync: token 3000 ms, 3 nodes, consensus 1.2 x token):
 *
 *      0 s   the node is gone
 *     ~8 s   Corosync tells the loss (token + consensus); views close, gates shut at once
 *     ~8 s   Pacemaker starts to fence; survivors send RSTART and HELLO (milliseconds)
 *   8..70 s  fencing (the fence device's own time-out, 60 s by default in Pacemaker)
 *     +0.1 s Pacemaker's fencer tells of it: copies are read and claimed, NEWVIEW
 *     +0.1 s steps 3 to 6, I/O resumes
 *
 * A vxclustd hangs at 0 while its Corosync runs. Nothing happens before the next reconfiguration,
 * which cannot go on without its HELLO; its vxiod writes on in the view that it has, and that is
 * safe: no other view can be made without its HELLO or a proof of its fencing.
 *
 *      0 s   somebody joins or is lost: RSTART; all others say HELLO
 *      8 s   no word of the hung one for VX_MUTE_MS: Pacemaker is asked to fence it
 *     16 s   still there (a start that waits for us holds up Pacemaker's policy): the fencer is
 * told +x s   fencing; Corosync tells the loss, the round begins again without it
 *
 * A vxiod hangs at 0, or waits for a disk that does. Its vxclustd lives and says BUSY, so nobody calls
 * it mute; it ends itself, and does not wait for that vxiod a second time (R13).
 *
 *      0 s   somebody joins or is lost: RSTART; step 1 of the hung one does not end
 *     30 s   VX_STEP_STALL_MS: its node asks to be fenced (terminate), and leaves without a word
 *     33 s   nothing under way (a start that waits for us, as above): VX_FENCE_ASK_SOON_MS, asked again
 *     38 s   still nothing: VX_FENCE_AGAIN_MS, the fencer is told
 * told +x s  fencing; the round goes on without it
 *
 * What must hold:
 *   - no survivor takes over before the proof of fencing: no time-out replaces a proof;
 *   - a step's time-out counts from its last progress, and ends the node that is slow, no other;
 *   - VX_MUTE_MS > 3 x VX_BUSY_MS: one late word is no silence;
 *   - VX_STEP_PROGRESS_MS < VX_CONFIGD_HANG_MS < VX_STEP_STALL_MS / 2: a hung vxconfigd is replaced
 *     before its node has to abort;
 *   - the agent's start time-out (200 s) > VX_JOIN_MS.
 */
#ifndef VX_BASE_TIMEOUTS_H
#define VX_BASE_TIMEOUTS_H

#define VX_FENCE_LOOK_MS 1000	  /* between two looks whether a fencing is under way */
#define VX_FENCE_STUCK_MS 90000	  /* a fencing under way for so long: its originator is gone */
#define VX_FENCE_APART_MS 2000	  /* the other nodes tell a fencer that was apart what is under way */
#define VX_FENCE_ASK_MS 30000	  /* nothing pending or done by then: ask Pacemaker (terminate) */
#define VX_FENCE_ASK_SOON_MS 3000 /* ... of a node that runs, but whose vxclustd is gone */
#define VX_FENCE_AGAIN_MS 5000	  /* asked, and still nothing pending: the fencer itself is told */
#define VX_FENCE_CALL_MS 5000	/* a look, above VX_FENCE_APART_MS; then the helper is replaced */
#define VX_TOOL_MS 20000	/* one tool of Pacemaker (attrd_updater, crm_resource, crm_mon) */
#define VX_FENCE_TOOL_MS 120000 /* stonith_admin --reboot waits for the fencing itself */
#define VX_ADM_ANSWER_MS 10000	/* vxclustadm waits for a word of vxclustd */
#define VX_RSTART_STAGGER_MS 2000 /* the next in seniority starts if the senior one did not */
#define VX_RSTART_FRESH_MS 1500	  /* fresh nodes let members speak first */
#define VX_BUSY_MS 2000		  /* who lets others wait says that it goes on */
#define VX_MUTE_MS 8000		  /* no word at all: that vxclustd hangs */
#define VX_ADMIT_MS 1000	  /* a joiner that did not ask speaks an older program */
#define VX_JOIN_AGAIN_MS 1000	  /* who was refused for a reason that may pass tries again */
#define VX_JOIN_AGAIN_MAX_MS 15000 /* ... twice as late each time, to this */
#define VX_SWITCH_MS 20000	  /* a new master was asked for, and nothing has begun */
#define VX_STEP_STALL_MS 30000	  /* a local part of a step without progress: this node aborts */
#define VX_CONFIGD_HANG_MS 8000	  /* vxconfigd hangs in a step: a new one is started */
#define VX_CONFIGD_START_MS 1000  /* vxconfigd is started again, twice as late each time */
#define VX_CONFIGD_STARTS_MS 60000 /* ... VX_CONFIGD_STARTS_MAX times in so long, not more */
#define VX_JOIN_MS 180000	  /* join of a node, start to member (CVMTimeout is 200 s) */
#define VX_REGISTER_MS 60000	  /* vxiod and vxconfigd must be there by then */
#define VX_DRAIN_MS 20000	  /* issued I/O of suspended volumes */
#define VX_VOTE_MS 15000	  /* votes and "prepared" of a transaction, its new logs */
#define VX_ACK_MS 20000		  /* acknowledgements of a commit */
#define VX_IOD_WAIT_MS 5000	  /* vxconfigd waits for a vxiod that is not there */
#define VX_SUSPEND_MS 12000   /* vxiod drains the volumes of one transaction; below VX_VOTE_MS */
#define VX_IO_REPORT_MS 5000  /* vxtask, vxstat: reports of the other nodes */
#define VX_STOP_WAIT_MS 5000  /* vxdctl stop waits this long for the daemon's end */
#define VX_STOP_LINGER_MS 100 /* vxdctl stop: answer and word to the cluster go out first */
#define VX_KILL_MS 5000	      /* vxconfigd -k: the running one ends, or is killed */
#define VX_KILL_POLL_MS 50
#define VX_READY_MS 5000      /* changes wait for a vxconfigd that came back and is not ready yet */
#define VX_WANT_RETRY_MS 5000 /* vxconfigd tries a change of its own again */
#define VX_REJOIN_MS 2000     /* a vxconfigd that came back tries again to read the groups */
#define VX_LEAVE_POLL_MS 50   /* vxconfigd looks whether transactions ended before it leaves */
#define VX_STEP_PROGRESS_MS 1000 /* vxconfigd says that a step goes on */
#define VX_WAIT_TELL_MS 3000	 /* vxconfigd says what a request waits for, again and again */
#define VX_WAIT_MUTE_MS 7500	 /* a utility: its vxconfigd, which tells of a mute master, is mute */
#define VX_IPC_CONNECT_MS 10000	 /* a utility waits for a daemon to take its connection */
#define VX_CONFIGD_MUTE_MS 3000	 /* vxclustadm daemons: less patience with vxconfigd */
#define VX_IPC_CALL_MS 120000	 /* a utility waits for an answer or progress */
#define VX_IPC_RETRY_MS 200	 /* a daemon connects again to its server */
#define VX_OUTCOME_ASK_MS 60000	 /* a utility that lost its answer asks for the outcome so long */
#define VX_OUTCOME_RETRY_MS 500	 /* ... so often */
#define VX_GATE_GRACE_MS 10000	 /* vxclustd is gone: after that suspended I/O fails */
#define VX_WATCHDOG_MS 1000	 /* keep-alive to systemd */
#define VX_DISK_ANSWER_MS 10000	 /* a read of a label; then the disk counts as not answering */
#define VX_COPY_ANSWER_MS 15000	 /* a copy's part of a read or write; less than VX_ACK_MS */
#define VX_PARK_MS 60000	 /* a write waits for its plex's detach: > VX_VOTE_MS + VX_ACK_MS */
#define VX_LOCAL_MS 5000	 /* writes fail here since one plex did, and on no other node; then one tries again */
#define VX_DRL_TICK_MS 500	 /* dirty regions are looked at for clearing */
#define VX_DRL_AGE_TICKS 8	 /* a region without a write for that long is cleared */
#define VX_PROGRESS_MS 2000	 /* vxiod says what a step waits for; less than VX_STEP_STALL_MS */
#define VX_TASK_MS 1000		 /* progress of a resync is told to the other nodes */
#define VX_DEVICE_RETRY_MS 5000	 /* vxiod looks again whether the way of a device is free */
#define VX_KILLED_MS 250	  /* is who waits at a shut gate being killed? */
#define VX_NBD_NEGOTIATE_MS 10000 /* an NBD client chooses its export */

#endif
