# conf/toolchain.mk: which compiler and binutils, and the flags of each part.
#
# conf/setup looks for the tools (and offers to install what is missing) and
# writes what it found to obj/host.mk, which is read here.  Targets that build
# nothing do without.

NOBUILD := help clean distclean handin tarball format format-check setup \
	print-gdbport which-ports nc-7 nc-80 nc-7-ix nc-80-ix
BUILDING := $(filter-out $(NOBUILD),$(MAKECMDGOALS))

# What the user asked for, before obj/host.mk says what it became.
CC_ASKED := $(if $(filter command environment,$(firstword $(origin CC))),$(CC))
LWIP_SRC_ASKED := $(LWIP_SRC)
SETUP_ENV = CC='$(CC_ASKED)' GCCPREFIX='$(GCCPREFIX)' QEMU='$(QEMU)' \
	LWIP_SRC='$(LWIP_SRC_ASKED)' SETUP='$(SETUP)'

ifneq ($(BUILDING),)
HOST_MK := $(OBJDIR)/host.mk
include $(HOST_MK)
.PRECIOUS: $(HOST_MK)
$(HOST_MK): FORCE
	@$(SETUP_ENV) conf/setup make $@
	$(check-run)
override CC := $(JIX_CC)
override LD := $(JIX_LD)
override AR := $(JIX_AR)
override OBJCOPY := $(JIX_OBJCOPY)
override LWIP_SRC := $(JIX_LWIP_SRC)
endif

# Flags common to all code that runs in the machine.  No PIC, no host headers,
# nothing that a distribution's compiler switches on by itself, and no path of
# this machine in the output.
TARGET_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -nostdinc \
	-isystem $(JIX_CC_INCLUDE) -I. \
	-fno-pic -fno-stack-protector -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing -mno-red-zone \
	-ffile-prefix-map=$(CURDIR)=. $(JIX_CC_OPTIONS) \
	-Wall -Wextra -Wno-unused-parameter
ifdef CI
TARGET_CFLAGS += -Werror
endif

# The kernel: upper 2 GB of the address space, no SSE or x87 registers.
KERN_CFLAGS := $(TARGET_CFLAGS) -DJIX_KERNEL -mcmodel=kernel \
	-mgeneral-regs-only
ifeq ($(UBSAN),1)
KERN_CFLAGS += -fsanitize=undefined -DJIX_UBSAN
endif

# Programs of ordinary environments; and of the dataplane's ring 3.
USER_CFLAGS := $(TARGET_CFLAGS) -mcmodel=small
IX_CFLAGS := $(USER_CFLAGS) -DJIX_IX

TARGET_LDFLAGS := -m elf_x86_64 -nostdlib -static --build-id=none \
	-z noexecstack -z max-page-size=4096 --orphan-handling=place

# --- How things are built ----------------------------------------------

# $(call compile,FLAGS) is the recipe of an object from a .c or .S file, and
# $(call check-elf,FILE) refuses segments that are writable and executable.
# -MD, not -MMD: our lwipopts.h, which lwIP's headers include, counts as theirs.
define compile
@mkdir -p $(@D)
$(say) CC $<
$(Q)$(CC) $(1) $(if $(filter %.S,$<),$(JIX_AS_OPTIONS)) -MD -MP -c -o $@ $<
endef
check-elf = conf/check-elf $(1)

# A file $(OBJDIR)/.vars.X changes when the variable X does (or the compiler);
# an object that depends on it is rebuilt then.
$(OBJDIR)/.vars.%: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(CC) $(JIX_CC_VERSION) $($*))' \
		>$@.$$$$; \
	if cmp -s $@.$$$$ $@; then rm -f $@.$$$$; else mv -f $@.$$$$ $@; fi
