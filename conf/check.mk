# conf/check.mk: tests.
#
# grade	graded tests: no root, base packages only (grade-lab-ix)
# check	unit tests on the host: each host/test/NAME.c is a program built
#	with ASan and UBSan that includes the sources it tests and uses
#	host/test/test.h; each conf/test/*.py is a Python unittest file
# check-full	what is long, privileged or needs more packages (conf/full/)

.PHONY: grade check check-full

grade: all
	@python3 grade-lab-ix --no-build $(GRADEFLAGS)

HOST_TESTS := $(patsubst host/test/%.c,$(OBJDIR)/host/test/%,\
	$(wildcard host/test/*.c))
HOST_TEST_CFLAGS := -std=gnu11 -O1 -g -I. -DJIX_HOST_TEST -Wall -Wextra \
	-Wno-unused-parameter -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
HOST_TEST_LIBS := -lm -lpthread

$(HOST_TESTS): $(OBJDIR)/host/test/%: host/test/%.c \
		$(OBJDIR)/.vars.HOST_TEST_CFLAGS
	@mkdir -p $(@D)
	$(say) HOSTCC $<
	$(Q)$(JIX_HOSTCC) $(HOST_TEST_CFLAGS) -MD -MP -MF $@.d -o $@ $< \
		$(HOST_TEST_LIBS)

# CHECK_MORE: further programs of the same kind with a rule of their own.
check: $(HOST_TESTS) $(CHECK_MORE)
	@python3 conf/check.py $(HOST_TESTS) $(CHECK_MORE) \
		$(wildcard conf/test/*.py)

check-full: all
	@python3 conf/check-full $(FULLFLAGS)
