/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single faults in the code that keeps the rules of cpg/PROTOCOL.md: each drops one rule at one
 * place, where MUTANT(name) stands. The simulator must notice every one (make check-mutants).
 * They exist only in vxsim-mutants (-DVX_MUTANTS): elsewhere MUTANT() is false.
 */
#ifndef VX_BASE_MUTANT_H
#define VX_BASE_MUTANT_H

/*
 * X(name, where, what is dropped, why nobody can notice: NULL or an argument)
 * core: in the code that is released; model: in the simulator's model of a shell, because the
 * real one has files, disks and connections around it.
 */
#define MUTANTS(X) \
	X(R1_CLOSE, CORE, "the loss of a member closes the view", NULL) \
	X(R1_GHOST, CORE, "a member that totem does not name left, whatever CPG says", NULL) \
	X(R2_EPOCH, CORE, "'done' of a step counts in its own epoch only", \
	  "one sender keeps its order: its words of a view come before its HELLO") \
	X(R2_CLOSED, CORE, "messages of transactions count in an open view only", \
	  "the second line: a closed view hands no port traffic on") \
	X(R2_PORT, MODEL, "port traffic counts in its own epoch only", \
	  "one sender keeps its order: its words of a view come before its HELLO") \
	X(R3_RING, CORE, "an RSTART counts in the ring that it names", \
	  "its coordinator takes the round up again in the new ring (R3_OWN)") \
	X(R3_LOWER, CORE, "a member ignores an RSTART of a lower epoch", \
	  "R14 comes first: who was left behind meets the higher epoch and aborts") \
	X(R3_FRESH, CORE, "a fresh node ignores an RSTART of a lower epoch than a member's", \
	  "a fresh node begins only when no member speaks: the two hardly meet") \
	X(R3_LAST, CORE, "the last RSTART in the stream counts", NULL) \
	X(R3_CANCEL, CORE, "who delivers another one's RSTART ends its own round", NULL) \
	X(R3_OWN, CORE, "whose RSTART is the last one coordinates", NULL) \
	X(R3_AGAIN, CORE, "an open view goes along with a member that closed it", NULL) \
	X(R3_FORGET, CORE, "a membership event forgets whom I follow", NULL) \
	X(R4_STOP, CORE, "HELLO comes after the stop", NULL) \
	X(R4_CLAIM, CORE, "an own claim under way is waited for before HELLO to another one", NULL) \
	X(R4_DRAIN, MODEL, "vxiod waits for I/O in flight", NULL) \
	X(R4_WRITES, MODEL, "vxconfigd waits for its writes to the copies", NULL) \
	X(R5_QUORUM, CORE, "a coordinator has quorum", NULL) \
	X(R5_RINGS, CORE, "CPG and quorum speak of one ring", NULL) \
	X(R5_HELLO, CORE, "HELLO of all is awaited", NULL) \
	X(R5_SURVEY, CORE, "the epoch is above what the copies hold", \
	  "the claim finds the higher epoch too, and goes above it") \
	X(R5_DURABLE, CORE, "members of the durable view are asked about", NULL) \
	X(R5_AGAIN, CORE, "after fencing the copies are read again", \
	  "what the second survey would find is in the way of the claim, or two quorums made it (R5_ANOTHER)") \
	X(R5_ANOTHER, CORE, "another view found then begins it all again", \
	  "two coordinators at once need two quorums; who was paused: R5_PAUSED") \
	X(R5_PAUSED, CORE, "who finds those it heard in another view begins it all again", \
	  "its NEWVIEW reaches nobody; the claim that is in the way leads to a new view") \
	X(R5_CLAIM, CORE, "the claim is written", NULL) \
	X(R5_MAJORITY, CORE, "the claim is on a majority", NULL) \
	X(R6_PROOF, CORE, "fencing is proven", NULL) \
	X(R5_PROVEN, CORE, "who is named by the second survey only is proven off too", \
	  "who made the newer view that the first one found had proven that already") \
	X(R6_OLD, CORE, "a fencing told before a look is no proof", NULL) \
	X(R6_PENDING, CORE, "a fencing that was under way at the look is no proof", NULL) \
	X(R6_ASKED, CORE, "a look from before somebody was watched does not count", \
	  "an answer comes sooner than a node boots") \
	X(R6_APART, CORE, "a fencer that was apart asks the others before it is looked at", NULL) \
	X(R6_LIFE, CORE, "a fencing of another life is no proof", \
	  "the view without a life, or the HELLO of the next one, ends its watch") \
	X(R6_LEFT, CORE, "of a HELLO's leavers only those of an installed view are proven off", NULL) \
	X(R6_HELLO, CORE, "who says HELLO was not ended by a fencing told before", \
	  "fencing ends a node: only a device or an administrator that lies leads there") \
	X(R7_FOLLOW, CORE, "NEWVIEW is from whom I follow", NULL) \
	X(R7_RING, CORE, "NEWVIEW is of my ring", \
	  "whom I follow is forgotten with the ring (R3_FORGET)") \
	X(R7_STORE, CORE, "the epoch is stored before the steps", NULL) \
	X(R8_LET_GO, CORE, "who let go of its volumes is no master", NULL) \
	X(R8_STAYS, CORE, "the master stays", \
	  "any member may be the master of the next view") \
	X(R9_ONE, CORE, "who follows somebody does not begin", \
	  "a round of the model is shorter than the stagger, but for fencing, whose proof stays") \
	X(R9_PRESTOP, CORE, "the commit stage ends before RSTART", NULL) \
	X(R9_FRESH, CORE, "a fresh node leaves it to members to begin", \
	  "members ignore its round, and the master begins before anybody counts as mute") \
	X(R10_BARRIER, CORE, "a step waits for all", NULL) \
	X(R10_ACCUMULATE, CORE, "leavers accumulate", NULL) \
	X(R10_UNFOLDED, CORE, "leavers stay in the list if nobody folds", NULL) \
	X(R10_COLD, CORE, "a cold view folds every slot", NULL) \
	X(R10_PRESENT, CORE, "who is present is no leaver", NULL) \
	X(R10_SLOT, CORE, "a leaver's slot is given away after the fold", NULL) \
	X(R12_OPEN, MODEL, "a clean leave clears the map", NULL) \
	X(R12_FOLD, MODEL, "no clean leave during a reconfiguration", NULL) \
	X(R12_BEGIN, MODEL, "a master that is about to leave begins no transaction", NULL) \
	X(R12_STEPS, CORE, "no clean leave while a step runs", \
	  "the second line: who let go of its volumes is no master (R8_LET_GO), and writes nothing") \
	X(R12_COPIES, CORE, "that nobody is left stands on one copy, as the last write", NULL) \
	X(R12_LAST, CORE, "of those who leave at the same time one is the last, and says that nobody is left", NULL) \
	X(R12_JOINER, CORE, "a joiner that gives up after HELLO says so", \
	  "it costs its fencing") \
	X(R13_WAIT, CORE, "an abort that is not proven is no word", NULL) \
	X(R13_STALL, CORE, "an abort that did not wait for a vxiod that stalled is no word", NULL) \
	X(R13_WORD, CORE, "after an abort there is recovery", NULL) \
	X(R14_STALE, CORE, "who meets a higher epoch aborts", NULL) \
	X(R14_LEFT_OUT, CORE, "who is left out of a view aborts", \
	  "a coordinator takes in all whose HELLO it awaited") \
	X(R15_FREEZE, CORE, "without quorum the gate is shut", NULL) \
	X(R15_RSTART, CORE, "without quorum the own RSTART begins nothing", NULL) \
	X(R15_VIEW, CORE, "a view that is made without quorum is closed", NULL) \
	X(R16_GATE, MODEL, "vxiod shuts the gate when vxclustd is lost", NULL) \
	X(R17_SILENT, MODEL, "after stop a client is silent until the next view", \
	  "the second line: what it was doing is void with the view") \
	X(R19_PRESENT, CORE, "who is made master is in the view", \
	  "a membership event ends the round: who was in the view has said HELLO") \
	X(R19_LEAVING, CORE, "who is made master does not want to leave", \
	  "it costs two reconfigurations and nothing else") \
	X(R20_CLAIM, CORE, "of two nodes the other one's claim is looked for", NULL) \
	X(R20_FRESH, CORE, "a fencing from before it was seen last is no proof", NULL) \
	X(R20_ONCE, CORE, "a survey tells each open claim once", NULL) \
	X(R21_RANGE, CORE, "who does not speak the protocol is refused", NULL) \
	X(R21_UPGRADE, CORE, "the protocol is raised to what all members speak", NULL) \
	X(R22_LOOK, CORE, "a view for a joiner waits until it is known whether it may join", \
	  "it costs a reconfiguration: who cannot take part aborts in step 4") \
	X(R22_SILENT, CORE, "a joiner that asks nothing is taken in after a while", NULL) \
	X(T1_UP, CORE, "every vxconfigd is up", \
	  "the second line: the queue of requests looks before (kick)") \
	X(T2_NO, CORE, "one 'no' ends it", NULL) \
	X(T2_ALL, CORE, "all votes are awaited", NULL) \
	X(T3_QUIESCE, CORE, "volumes in use are quiesced", NULL) \
	X(T3_PREPARED, CORE, "all are prepared", NULL) \
	X(T4_WRITE, CORE, "the write comes before COMMIT", NULL) \
	X(T5_ACK, CORE, "ACK is awaited before the change is applied", NULL) \
	X(T5_ALL, CORE, "ACK of all is awaited", NULL) \
	X(T6_TIME, CORE, "a vote that does not come ends it", \
	  "no vxconfigd of the model is silent for ever: test_vxconfigd_txn.c") \
	X(T7_MAJORITY, CORE, "a write is on a majority", NULL) \
	X(T7_FAILED, CORE, "a write that failed is not committed", NULL) \
	X(T7_ASK, CORE, "who is stuck asks for a new view", NULL) \
	X(T7_SPOILED, CORE, "after a failed write nothing more of its epoch is written", \
	  "the second line: the core writes nothing more until the new view") \
	X(T8_STATEFUL, CORE, "stateful is who runs the newest epoch", NULL) \
	X(T8_NEWEST, CORE, "the newest content that runs is the base", \
	  "who is one behind has seen its COMMIT: the result is the same") \
	X(T8_BEHIND, CORE, "a pending transaction counts where the base runs", NULL) \
	X(T8_SEEN, CORE, "COMMIT seen completes it", NULL) \
	X(T8_DECIDED, CORE, "the old master's majority write completes it", NULL) \
	X(T8_ALL, MODEL, "the states of all are heard, not only the own one", NULL) \
	X(T9_CHECKPOINT, MODEL, "the checkpoint comes before the resume", NULL) \
	X(T10_READ, MODEL, "who runs another content reads it", NULL) \
	X(T10_HASH, MODEL, "who cannot get the content does not go on", \
	  "the second line: nobody reads another content") \
	X(T11_TWICE, MODEL, "a request that is known is not done again", NULL) \
	X(T11_ASK, MODEL, "only a settled master says 'aborted'", \
	  "who has the group has the pending transaction too") \
	X(T11_ASIDE, MODEL, "what is begun again in the new view is not told to have failed", NULL) \
	X(T11_TOLD, MODEL, "what a content says has failed is not begun again", NULL) \
	X(T12_MEMORY, CORE, "nothing older than what somebody remembers is run", NULL) \
	X(T15_ALL, MODEL, "all that share a transaction are completed with it", NULL) \
	X(T15_AGAIN, MODEL, "what a new view gave up is not tried again", NULL) \
	X(T15_UNKNOWN, MODEL, "of what may be completed by others nothing is said", NULL) \
	X(T13_JOIN, MODEL, "a vxconfigd that comes back asks the master", \
	  "the second line: without the group its vote is no") \
	X(T17_LATE, CORE, "whom copies name that the survey did not see is proven off before they are written", NULL) \
	X(D1_CHECKSUM, CORE, "a block whose checksum is wrong is none", NULL) \
	X(D6_PLACE, CORE, "each of two nodes claims in a block of its own", NULL) \
	X(D8_SLOT, CORE, "a checkpoint is not written over the newest one", NULL) \
	X(D8_ORDER, CORE, "the body is on the disk before its header", NULL) \
	X(D10_CHAIN, CORE, "records of an older checkpoint do not continue a newer one", \
	  "the second line: their epoch or seq is another one") \
	X(D11_MISSED, CORE, "a copy that missed a write gets no further record", NULL) \
	X(D12_MAJORITY, CORE, "a majority of the copies can be read", NULL) \
	X(D13_NEWEST, CORE, "the newest content counts, not a stale one", NULL) \
	X(D13_END, CORE, "records behind what was committed are left out", NULL) \
	X(D15_NEWEST, CORE, "the durable view is the newest checkpoint's", NULL) \
	X(D16_CLAIM, CORE, "a checkpoint is not written below another one's claim", \
	  "the second line: who claims has the proof that others write no more (R4, R6)") \
	X(D16_NEWER, CORE, "nothing is written over a newer content", \
	  "the second line: who claims has the proof that others write no more (R4, R6)") \
	X(D20_IDLE, CORE, "a write that is late is waited for before HELLO", NULL)

enum mutant {
	MUTANT_NONE,
#define MUTANT_ENUM(name, where, what, why) MUTANT_##name,
	MUTANTS(MUTANT_ENUM)
#undef MUTANT_ENUM
		MUTANT_COUNT
};

#ifdef VX_MUTANTS
extern enum mutant vx_mutant;
#define MUTANT(name) (vx_mutant == MUTANT_##name)
#else
#define MUTANT(name) false
#endif

#endif
