# conf/qemu.mk: targets that start the machine, and that talk to it.
#
# conf/qemu.py checks the variables and runs QEMU; nothing is rebuilt for a
# run, programs and arguments travel through QEMU's fw_cfg.

RUN_VARS := CPUS MEM NIC MODE LAB6 ARGS NET EXACT SEED KVM PCAP QEMU \
	QEMUEXTRA GDBPORT TIMEOUT_SCALE HANG KARGS
# A variable counts if the user gave it: MAKE's own and others' do not.
shell-quote = '$(subst ','\'',$(1))'
given-vars = $(foreach v,$(RUN_VARS),$(if $($(v)),$(call \
	shell-quote,$(v)=$($(v)))))
QEMU_PY = @python3 conf/qemu.py
known-programs = PROGRAMS='$(EMBED_NAMES)' IXPROGRAMS='$(IX_NAMES)'
run-machine = $(QEMU_PY) run $(1) -- $(known-programs) $(given-vars)

# What a run was given is checked before anything is built for it: obj/host.mk
# calls this, which is the first thing that make does.
RUN_GOAL := $(firstword $(filter qemu qemu-nox qemu-gdb qemu-nox-gdb \
	print-qemu run-% prep-%,$(MAKECMDGOALS)))
RUN_NAME := $(patsubst %-nox,%,$(patsubst %-gdb,%,$(patsubst run-%,%,$(filter \
	run-%,$(RUN_GOAL))))) $(patsubst prep-%,%,$(filter prep-%,$(RUN_GOAL)))
check-run = $(if $(RUN_GOAL),$(QEMU_PY) check $(RUN_NAME) -- \
	$(known-programs) $(given-vars))

.PHONY: qemu qemu-nox qemu-gdb qemu-nox-gdb gdb print-qemu print-gdbport \
	which-ports nc-7 nc-80 nc-7-ix nc-80-ix programs

qemu: $(IMAGE)
	$(call run-machine)

qemu-nox: $(IMAGE)
	$(call run-machine,-nox)

qemu-gdb: $(IMAGE)
	$(call run-machine,-gdb)

qemu-nox-gdb: $(IMAGE)
	$(call run-machine,-nox -gdb)

# Most particular first: make 3.81 takes the first that fits.
run-%-nox-gdb: $(IMAGE) FORCE
	$(call run-machine,-nox -gdb $*)

run-%-nox: $(IMAGE) FORCE
	$(call run-machine,-nox $*)

run-%-gdb: $(IMAGE) FORCE
	$(call run-machine,-gdb $*)

run-%: $(IMAGE) FORCE
	$(call run-machine,$*)

# Build what run-NAME needs, without running it.
prep-%: $(IMAGE) FORCE
	@echo "ready: make run-$*-nox"

programs:
	@printf '%s\n' $(sort $(EMBED_NAMES))

print-qemu: $(IMAGE)
	$(QEMU_PY) print -nox -- $(known-programs) $(given-vars)

print-gdbport:
	$(QEMU_PY) ports gdb

which-ports:
	$(QEMU_PY) ports

nc-7:
	@nc 127.0.0.1 `python3 conf/qemu.py ports echo`

nc-80:
	@printf 'GET /index.html HTTP/1.0\r\n\r\n' | \
		nc 127.0.0.1 `python3 conf/qemu.py ports http`

nc-7-ix:
	@nc 127.0.0.1 `python3 conf/qemu.py ports echo-ix`

nc-80-ix:
	@printf 'GET /index.html HTTP/1.0\r\n\r\n' | \
		nc 127.0.0.1 `python3 conf/qemu.py ports http-ix`
