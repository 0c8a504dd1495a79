# conf/tree.mk: targets that look after the tree itself.

.PHONY: help clean distclean
clean:
	rm -rf $(OBJDIR)

distclean: clean

help:
	@echo "make all            build obj/jix.img"
	@echo "make qemu-nox       run it in this terminal"
	@echo "make clean          remove obj/"

.DEFAULT:
	@echo "make: nothing makes '$@' (make help lists the targets)" >&2; exit 2
