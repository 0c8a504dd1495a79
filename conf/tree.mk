# conf/tree.mk: targets that look after the tree itself, and help.

.PHONY: help setup setup-full clean distclean handin tarball format \
	format-check compile_commands

setup:
	@$(SETUP_ENV) conf/setup

setup-full:
	@$(SETUP_ENV) conf/setup full

clean:
	rm -rf $(OBJDIR)

# obj/ is all that is made in the tree; what set-up fetched is in the user's
# cache and shared by all clones.
distclean: clean
	rm -f .gdbinit jix-$(LAB)-handin.tar.gz jix-$(LAB).tar.gz
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Handing in ---------------------------------------------------------

# What was written, with the grade of it: commit first.
handin:
	@test -z "`git status --porcelain`" || \
		{ git status --short; echo "make handin: commit (or stash) these" \
		"first" >&2; exit 1; }
	git archive --prefix=jix-$(LAB)/ -o jix-$(LAB)-handin.tar.gz HEAD
	@echo "hand in: jix-$(LAB)-handin.tar.gz"

# The same from a tree that is not committed: every file that git would track.
tarball:
	git ls-files -z --cached --others --exclude-standard | \
		tar -czf jix-$(LAB).tar.gz --null -T -
	@echo "made: jix-$(LAB).tar.gz"

# --- Style --------------------------------------------------------------

FORMAT_FILES = `git ls-files '*.c' '*.h'`

format:
	clang-format -i $(FORMAT_FILES)

format-check:
	@python3 conf/style.py $(FORMAT_FILES) `git ls-files '*.S' '*.py'`

# --- For editors ----------------------------------------------------------

# The commands of a full build, without building.
compile_commands: $(OBJDIR)/compile_commands.json

$(OBJDIR)/compile_commands.json: FORCE
	@$(MAKE) -Bnk --no-print-directory all V=1 2>/dev/null | \
		python3 conf/compdb.py $@

# --- Help -----------------------------------------------------------------

define HELP
Run JIX (two commands are all one needs: make qemu, make grade)
  qemu            run the machine with both servers, in a window if there is
                  a screen; qemu-nox: in this terminal (quit: Ctrl-a x)
  run-NAME        run program NAME; run-NAME-nox: in this terminal
  qemu-gdb, qemu-nox-gdb, run-NAME-gdb, run-NAME-nox-gdb
                  the same, waiting for `make gdb` in another terminal
  gdb             the debugger for a waiting machine
  prep-NAME       build what run-NAME needs; programs: list the names
  nc-7, nc-80     talk to the lab-6 server's echo, HTTP; nc-7-ix, nc-80-ix:
                  to the dataplane's
  which-ports, print-gdbport, print-qemu
                  the ports on this host; the QEMU command
Test and measure
  grade           the graded tests (GRADEFLAGS: options, see -h)
  check           unit tests on this host
  check-full      long and privileged tests (after make setup-full)
  compare         both servers over one matrix: obj/compare/
  trace           one request's way through both servers: obj/trace/
  figures         what a request costs the dataplane, and what it should
  profile         the same by function (APP=ixecho LOAD=tcp,c=64)
Look after the tree
  all             build obj/jix.img
  setup           find what is missing on this host, and get it
  format          clang-format; format-check: is the tree in style?
  compile_commands  obj/compile_commands.json for editors
  handin, tarball, clean, distclean
Variables, with defaults
  CPUS=2          cores of the machine, 1 to 16
  MEM=512M        its memory (1G above 5 cores)
  NIC=igb         network cards: igb, e1000
  MODE=both       both, lab6 or ix: which servers start
  LAB6=poll       poll (no interrupts, as taught) or irq
  ARGS=           arguments of run-NAME; with qemu: programs to start
                  instead of the servers, as 'pingpong; hello'
  NET=user        user (forwarded ports), stream:PATH, dgram:PATH (unix
                  socket), tap:NAME, hub
  EXACT=          cost or load: the exact laboratory (virtual time)
  SEED=1          the only source of randomness; or random
  KVM=            1: run on KVM instead of TCG
  PCAP=1          record obj/qemu.pcap and obj/qemu-ix.pcap
  HANG=0          end the run after so many seconds without output
  GDBPORT= QEMU= QEMUEXTRA= KARGS=
  CC= GCCPREFIX= LWIP_SRC= UBSAN=1 V=1 SETUP=yes|check
  TIMEOUT_SCALE=1 stretches every time limit (slow hosts)
endef
export HELP

help:
	@echo "$$HELP"

# A goal that nothing makes is named in one line.
.DEFAULT:
	@echo "make: nothing makes '$@' (make help lists the targets)" >&2
	@exit 2
