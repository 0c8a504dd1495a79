# conf/image.mk: the embedded programs, the kernel, and the disk image.
#
# Disk: the boot sector and loader fill the first 64 sectors (32 KiB), the
# stripped kernel follows.  The whole is padded to a power of two, at least
# 1 MiB, so that it can be a memory card as well (see EXACT in conf/command.py).

# Each embedded program without its symbols, as $(OBJDIR)/embed/NAME.
EMBED_NAMES := $(foreach e,$(EMBED),$(firstword $(subst :, ,$(e))))
EMBED_FILES := $(EMBED_NAMES:%=$(OBJDIR)/embed/%)
embed-elf = $(word 2,$(subst :, ,$(filter $(1):%,$(EMBED))))

.SECONDEXPANSION:
$(EMBED_FILES): $(OBJDIR)/embed/%: $$(call embed-elf,$$*)
	@mkdir -p $(@D)
	$(Q)$(OBJCOPY) --strip-all $< $@

$(OBJDIR)/kern/programs.S: $(OBJDIR)/.vars.EMBED_NAMES conf/programs.sh
	@mkdir -p $(@D)
	$(Q)sh conf/programs.sh $(OBJDIR)/embed $(EMBED_NAMES) >$@

$(OBJDIR)/kern/programs.o: $(OBJDIR)/kern/programs.S $(EMBED_FILES)
	$(call compile,$(KERN_CFLAGS))

ifneq ($(and $(KERN_SRCS),$(wildcard kern/kernel.ld)),)
KERNEL := $(OBJDIR)/kern/kernel
ALL += $(KERNEL)

# Linked twice: the table that gives a code address its function, file and
# line (kern/lines.c) is made from the first result, linked with an empty
# table, and is part of the second.
KERN_INPUTS := $(KERN_OBJS) $(OBJDIR)/kern/programs.o
MKLINES = python3 conf/mklines.py
kern-link = $(LD) $(TARGET_LDFLAGS) -T kern/kernel.ld -o $@ $(1)

$(OBJDIR)/kern/nolines.S: conf/mklines.py conf/elflines.py
	@mkdir -p $(@D)
	$(Q)$(MKLINES) >$@

$(OBJDIR)/kern/kernel.nolines: $(KERN_INPUTS) $(OBJDIR)/kern/nolines.o \
		kern/kernel.ld $(OBJDIR)/.vars.KERN_OBJS
	$(Q)$(call kern-link,$(KERN_INPUTS) $(OBJDIR)/kern/nolines.o)

$(OBJDIR)/kern/lines-table.S: $(OBJDIR)/kern/kernel.nolines
	$(Q)$(MKLINES) $< >$@

$(OBJDIR)/kern/nolines.o $(OBJDIR)/kern/lines-table.o:
	$(call compile,$(KERN_CFLAGS))
$(OBJDIR)/kern/nolines.o: $(OBJDIR)/kern/nolines.S
$(OBJDIR)/kern/lines-table.o: $(OBJDIR)/kern/lines-table.S

$(OBJDIR)/kern/kernel: $(OBJDIR)/kern/kernel.nolines \
		$(OBJDIR)/kern/lines-table.o
	$(say) LD $@
	$(Q)$(call kern-link,$(KERN_INPUTS) $(OBJDIR)/kern/lines-table.o)
	$(Q)$(MKLINES) --check $@ $(OBJDIR)/kern/lines-table.S
	$(Q)READELF=$(JIX_READELF) $(call check-elf,$@)

$(OBJDIR)/kern/kernel.stripped: $(OBJDIR)/kern/kernel
	$(Q)$(OBJCOPY) --strip-all $< $@
endif

ifneq ($(and $(KERNEL),$(wildcard boot/Makefrag)),)
IMAGE := $(OBJDIR)/jix.img
ALL += $(IMAGE)

$(IMAGE): $(OBJDIR)/boot/boot.bin $(OBJDIR)/kern/kernel.stripped
	$(say) IMAGE $@
	$(Q)[ $$(wc -c <$<) -le 32768 ] || \
		{ echo "$<: the loader exceeds its 32 KiB" >&2; exit 1; }
	$(Q){ dd if=$< bs=32k conv=sync && \
		dd if=$(OBJDIR)/kern/kernel.stripped bs=32k conv=sync; \
		} >$@.new 2>$@.log || { cat $@.log; exit 1; }
	$(Q)size=1048576; while [ $$size -lt $$(wc -c <$@.new) ]; do \
		size=$$((size * 2)); done; \
		[ $$size -eq $$(wc -c <$@.new) ] || \
		dd if=/dev/zero of=$@.new bs=1 count=1 seek=$$((size - 1)) \
		conv=notrunc 2>$@.log
	$(Q)mv -f $@.new $@
endif
