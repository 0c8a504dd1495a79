# conf/side.mk: the two servers side by side: make compare, make trace.
#
#	make compare		the whole matrix, exact: obj/compare/
#	make compare QUICK=1	its thin slice, under a minute
#	make compare REAL=1	elapsed time, with host/load
#	make trace		one request's way through both: obj/trace/

.PHONY: compare trace

compare: $(IMAGE) $(if $(REAL),$(OBJDIR)/host/load)
	@QEMU=$(call shell-quote,$(QEMU)) python3 conf/compare.py \
		$(if $(QUICK),--quick) $(if $(REAL),--real) \
		$(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

trace: $(IMAGE)
	@QEMU=$(call shell-quote,$(QEMU)) python3 conf/trace.py \
		$(if $(SEED),--seed $(SEED))
