# SPDX-License-Identifier: GPL-2.0-or-later
#
# vxha: everything is built below build/. `make help` lists the targets.
#
#   make V=1            show the commands        make SAN=address,undefined   sanitizers (build-san/)
#   make CC=clang       another compiler         make WERROR=1                warnings are errors
#   make FAULTS=1       daemons that can be stopped at points (build-faults/)
#   make PROTOCOL_MAX=10 a program of an older cluster protocol (build-p10/)
#   make install DESTDIR=/tmp/root [PREFIX=/usr]

PREFIX ?= /usr
DESTDIR ?=
CC ?= gcc
SAN ?=
WERROR ?=
FAULTS ?=
PROTOCOL_MAX ?=
B := build$(if $(PROTOCOL_MAX),-p$(PROTOCOL_MAX))$(if $(SAN),-san)$(if $(FAULTS),-faults)

PKGS := libqb libcpg libquorum libcmap libcorosync_common liburing libprotobuf-c json-c libsystemd
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PKGS) 2>/dev/null)

WARN := -Wall -Wextra -Wconversion -Wno-sign-conversion -Wshadow -Wswitch-enum -Wmissing-prototypes \
	-Wstrict-prototypes -Wpointer-arith -Wundef -Wformat=2 -Wno-format-nonliteral -Wvla
CFLAGS ?= -O2 -g
override CFLAGS += -std=gnu11 -D_GNU_SOURCE -fno-strict-aliasing -pthread $(WARN) $(if $(WERROR),-Werror) \
	$(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
CPPFLAGS += -I. -isystem $(B)/schema $(PKG_CFLAGS) -DVXHA_VERSION='"$(VERSION)"' $(if $(FAULTS),-DVX_FAULTS) $(if $(PROTOCOL_MAX),-DVX_PROTOCOL_MAX=$(PROTOCOL_MAX))
LDFLAGS += -pthread $(if $(SAN),-fsanitize=$(SAN))
VERSION := 0.1.0
export PATH := $(PATH):/usr/sbin:/sbin

Q := $(if $(V),,@)
# The same makefile once more, on all cores unless a number of jobs was given.
again = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)';)

# One static library a folder; the files named here have a main() and become programs.
LIB_base := $(filter-out base/main_%,$(wildcard base/*.c))
MAIN_cpg := cpg/vxclustd.c
MAIN_volio := volio/vxiod.c
MAIN_vxconfigd := vxconfigd/vxconfigd.c
MAIN_agent := agent/vxclustadm.c
LIB_agent := $(filter-out $(MAIN_agent),$(wildcard agent/*.c))
LIB_cpg := $(filter-out $(MAIN_cpg),$(wildcard cpg/*.c))
LIB_volio := $(filter-out $(MAIN_volio),$(wildcard volio/*.c))
LIB_vxconfigd := $(filter-out $(MAIN_vxconfigd),$(wildcard vxconfigd/*.c))
CMD_MAIN := $(filter vxconfigd/cmd/vx%.c,$(wildcard vxconfigd/cmd/*.c))
LIB_cmd := $(filter-out $(CMD_MAIN),$(wildcard vxconfigd/cmd/*.c))
TOOL_MAIN := $(wildcard tests/tools/*.c tests/lab/*.c tests/bench/*.c)
# This one links more than base.
TOOL_volio := tests/bench/engine.c
UNIT_MAIN := $(wildcard tests/unit/test_*.c)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
PB := $(B)/schema/vxha.pb-c.c
L := $(B)/lib

DAEMONS := $(foreach m,$(MAIN_cpg) $(MAIN_volio) $(MAIN_vxconfigd) $(MAIN_agent),$(if $(wildcard $(m)),$(B)/bin/$(notdir $(m:.c=))))
CMDS := $(patsubst vxconfigd/cmd/%.c,$(B)/bin/%,$(CMD_MAIN))
TOOLS := $(foreach t,$(TOOL_MAIN),$(B)/tests/$(notdir $(t:.c=)))
UNITS := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT_MAIN))

.PHONY: all build deps demo check check-unit check-lab check-lint check-faults check-crash check-data bench bench-control install clean help
.DELETE_ON_ERROR:
.SECONDARY:
all: build

build: $(DAEMONS) $(CMDS) $(TOOLS)

help:
	@sed -n '3,9s/^# \{0,1\}//p' Makefile
	@echo 'targets: deps build demo check check-unit check-lab check-lint check-faults check-crash check-data check-sim check-sim-exhaustive check-mutants sim bench bench-control install clean'

$(PB): base/vxha.proto
	$(call say,PROTO,$<)
	$(Q)mkdir -p $(@D) && protoc-c --c_out=$(@D) -Ibase $<

$(B)/schema/vxha.pb-c.o: $(PB)
	$(call say,CC,$<)
	$(Q)$(CC) -O2 -g -w $(if $(SAN),-fsanitize=$(SAN)) -c -o $@ $<

$(B)/obj/%.o: %.c $(PB)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

define library
$(L)/lib$(1).a: $(call obj,$(LIB_$(1))) $(2)
	$$(call say,AR,$$@)
	$(Q)mkdir -p $$(@D) && rm -f $$@ && ar rcs $$@ $$^
endef
$(eval $(call library,base,$(B)/schema/vxha.pb-c.o))
$(foreach l,agent cpg volio vxconfigd cmd,$(eval $(call library,$(l),)))

# A program links its folder's library and what lies below: an upward call does not link.
NEED_base := $(L)/libbase.a
NEED_cpg := $(L)/libcpg.a $(L)/libagent.a $(L)/libbase.a
NEED_agent := $(L)/libagent.a $(L)/libbase.a
NEED_volio := $(L)/libvolio.a $(L)/libbase.a
NEED_vxconfigd := $(L)/libvxconfigd.a $(L)/libbase.a
NEED_cmd := $(L)/libcmd.a $(L)/libbase.a

link = $(call say,LD,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(PKG_LIBS) -ldl $(1)
$(B)/bin/vxclustd: $(call obj,$(MAIN_cpg)) $(NEED_cpg)
	$(call link)
$(B)/bin/vxclustadm: $(call obj,$(MAIN_agent)) $(NEED_agent)
	$(call link)
$(B)/bin/vxiod: $(call obj,$(MAIN_volio)) $(NEED_volio)
	$(call link)
$(B)/bin/vxconfigd: $(call obj,$(MAIN_vxconfigd)) $(NEED_vxconfigd)
	$(call link)
$(CMDS): $(B)/bin/%: $(B)/obj/vxconfigd/cmd/%.o $(NEED_cmd)
	$(call link)
define tool
$(B)/tests/$(notdir $(1:.c=)): $(call obj,$(1)) $(L)/libbase.a
	$$(call link)
endef
$(foreach t,$(filter-out $(TOOL_volio),$(TOOL_MAIN)),$(eval $(call tool,$(t))))
$(B)/tests/engine: $(call obj,$(TOOL_volio)) $(NEED_volio)
	$(call link)
# tests/unit/test_FOLDER_NOUN.c links tests/unit/FOLDER_*.c, the library of FOLDER and what lies below
define unit
$(B)/tests/$(notdir $(1:.c=)): $(call obj,$(1) $(wildcard tests/unit/$(word 2,$(subst _, ,$(notdir $(1:.c=))))_*.c)) \
		$(NEED_$(word 2,$(subst _, ,$(notdir $(1:.c=))))) $(L)/libbase.a
	$$(call link,$$(shell pkg-config --libs check))
endef
$(foreach t,$(UNIT_MAIN),$(eval $(call unit,$(t))))

# The simulator: the deciding cores and a world around them, with the limits of a small one.
SIM_SRC := $(wildcard tests/sim/*.c) $(filter-out $(MAIN_cpg),$(wildcard cpg/view*.c)) cpg/steps.c \
	$(addprefix vxconfigd/,txn.c txn_master.c takeover.c copies_core.c copies_write.c copies_set.c copies_decide.c \
	copy_image.c private_region.c block_codec.c disk_label.c record.c record_check.c record_edit.c record_list.c)
$(B)/sim/%.o: %.c $(PB)
	$(call say,CC,$< (sim))
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -DVX_SMALL -MMD -MP -c -o $@ $<
$(B)/tests/vxsim: $(SIM_SRC:%.c=$(B)/sim/%.o) $(L)/libbase.a
	$(call link)

# The same with each single fault of base/mutant.h built in: nothing of it is ever released.
$(B)/mutants/%.o: %.c $(PB)
	$(call say,CC,$< (mutants))
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -DVX_SMALL -DVX_MUTANTS -MMD -MP -c -o $@ $<
$(B)/tests/vxsim-mutants: $(SIM_SRC:%.c=$(B)/mutants/%.o) $(L)/libbase.a
	$(call link)

# SEEDS runs from FIRST on, with NODES nodes, COPIES copies and FAULT_COUNT faults; sim: one SEED, TRACE=1 tells it.
# DISK_GROUPS: how many (0: as the seed says).
SEEDS ?= 100000
FIRST ?= 1
NODES ?= 3
COPIES ?= 3
FAULT_COUNT ?= 5
DISK_GROUPS ?= 0
SEED ?= 1
.PHONY: sim check-sim check-mutants check-sim-exhaustive
check-sim: $(B)/tests/vxsim
	$(Q)$< --seeds $(SEEDS) --first $(FIRST) --nodes $(NODES) --copies $(COPIES) --groups $(DISK_GROUPS) --faults $(FAULT_COUNT)
# Each mutation until a rule of the safety list is broken: MUTANT=R1_CLOSE for one.
check-mutants: $(B)/tests/vxsim-mutants
	$(Q)$< --mutants $(MUTANT)
# One fault of each kind at each event of a quiet run.
check-sim-exhaustive: $(B)/tests/vxsim
	$(Q)$< --exhaustive
sim: $(B)/tests/vxsim
	$(Q)$< --seed $(SEED) --nodes $(NODES) --copies $(COPIES) --groups $(DISK_GROUPS) --faults $(FAULT_COUNT) $(if $(TRACE),--trace)

deps:
	$(Q)tests/deps

check-unit: $(UNITS)
	$(Q)tests/run-unit $(UNITS)

check-lint: build
	$(Q)tests/lint/lint

check-lab: build stage
	+$(Q)$(again) FAULTS=1 stage
	+$(Q)$(again) PROTOCOL_MAX=10 stage
	$(Q)tests/run-lab

# Is each check of the story able to fail? Not part of check: it takes its time.
check-faults: build stage
	$(Q)tests/story/faults

# Kills, cuts and pauses at points of the protocols (tests/crash/matrix); takes its time, too.
check-crash:
	+$(Q)$(again) FAULTS=1 stage
	+$(Q)$(again) build
	$(Q)tests/crash/crash

# Long forms of the data path's tests. DATA_SEED chooses the accidents, DATA_ROUNDS how many rounds of them.
DATA_SEED ?= 1
DATA_ROUNDS ?= 20
DATA_LAYOUTS := mirror nolog stripes mirror3
check-data: build stage
	$(Q)LIMIT=7200 tests/run-lab $(foreach l,$(DATA_LAYOUTS),"tests/lab/test-accidents.sh $l $(DATA_SEED) $(DATA_ROUNDS)") \
		$(addprefix tests/lab/test-,files.sh layouts.sh attach.sh resize.sh disk-lost.sh detach.sh)

check: deps
	+$(Q)$(again) build $(UNITS) $(B)/tests/vxsim stage
	+$(Q)$(again) FAULTS=1 stage
	+$(Q)$(again) PROTOCOL_MAX=10 stage
	$(Q)tests/run-check

demo: deps
	+$(Q)$(again) build stage
	$(Q)tests/demo/demo

bench: build stage
	$(Q)tests/bench/bench

# Transactions and reconfigurations in depth, beside the raw round trip and disk write of the same run.
bench-control: build stage $(B)/tests/vxsim
	$(Q)tests/bench/bench --only control

# What a node sees: the product installed below build/root (each lab mounts a copy of it over /usr).
.PHONY: stage
stage: build
	+$(Q)$(again) install DESTDIR=$(CURDIR)/$(B)/root PREFIX=/usr >/dev/null

OCF_DIR := $(PREFIX)/lib/ocf/resource.d/vxha
COMPLETION := $(PREFIX)/share/bash-completion/completions
install: build
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(OCF_DIR) $(DESTDIR)$(COMPLETION) $(DESTDIR)/etc/vxha \
		$(foreach s,5 7 8,$(DESTDIR)$(PREFIX)/share/man/man$(s))
	$(Q)install -m 755 $(DAEMONS) $(CMDS) $(DESTDIR)$(PREFIX)/sbin/
	$(Q)install -m 755 $(wildcard ocf/vx* ocf/.vx*) $(DESTDIR)$(OCF_DIR)/
	$(Q)for s in 5 7 8; do install -m 644 man/*.$$s $(DESTDIR)$(PREFIX)/share/man/man$$s/ || exit 1; done
	$(Q)install -m 644 packaging/bash-completion/vxha $(DESTDIR)$(COMPLETION)/
	$(Q)for f in $(notdir $(CMDS)) vxclustadm; do ln -sf vxha $(DESTDIR)$(COMPLETION)/$$f; done
	$(Q)[ -e $(DESTDIR)/etc/vxha/vxha.conf ] || install -m 644 packaging/vxha.conf $(DESTDIR)/etc/vxha/

clean:
	$(Q)rm -rf build build-p* build-san build-faults build-san-faults

-include $(shell find $(B)/obj $(B)/sim $(B)/mutants -name '*.d' 2>/dev/null)
