# conf/gdb.mk: `make gdb` debugs the machine that a -gdb target started.
#
# gdb is told to read no start-up file but ours (-n -x), so that its
# protection against foreign ones never stands in the way.

GDBINIT := $(OBJDIR)/gdbinit
ALL += $(GDBINIT)

$(GDBINIT): .gdbinit.tmpl
	@mkdir -p $(@D)
	$(Q)sed 's|@OBJDIR@|$(OBJDIR)|' $< >$@

gdb: $(GDBINIT)
	@$(JIX_GDB) -q -n -x $(GDBINIT) -ex \
		"target remote 127.0.0.1:`python3 conf/qemu.py ports gdb`"
