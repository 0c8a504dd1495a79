# conf/side.mk: the two servers side by side: make compare, make trace.
#
#	make compare		the whole matrix, exact: obj/compare/
#	make compare QUICK=1	its thin slice, under a minute
#	make compare REAL=1	elapsed time, with host/load
#	make trace		one request's way through both: obj/trace/
#	make figures		what a request costs the dataplane: obj/figures/
#	make profile		the same by function (APP=ixecho LOAD=tcp,c=64)
#	make cost-lab6		what a request costs the lab-6 server, and where
#				(LAB6=irq SERVER='echosrv -b' LOAD=tcp)

.PHONY: compare trace figures profile cost-lab6

compare: $(IMAGE) $(if $(REAL),$(OBJDIR)/host/load)
	@QEMU=$(call shell-quote,$(QEMU)) python3 conf/compare.py \
		$(if $(QUICK),--quick) $(if $(REAL),--real) \
		$(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

trace: $(IMAGE)
	@QEMU=$(call shell-quote,$(QEMU)) python3 conf/trace.py \
		$(if $(SEED),--seed $(SEED))

figures: $(IMAGE)
	@QEMU=$(call shell-quote,$(QEMU)) python3 conf/figures.py \
		$(if $(QUICK),--quick) $(if $(SEED),--seed $(SEED)) \
		$(if $(ONLY),--only $(ONLY))

profile: $(IMAGE)
	@QEMU=$(call shell-quote,$(QEMU)) python3 conf/profiler.py \
		$(if $(SEED),--seed $(SEED)) \
		$(if $(APP),--app $(call shell-quote,$(APP))) \
		$(if $(LOAD),--load $(call shell-quote,$(LOAD)))

cost-lab6: $(IMAGE)
	@QEMU=$(call shell-quote,$(QEMU)) python3 conf/labcost.py \
		$(if $(SEED),--seed $(SEED)) $(if $(LAB6),--lab6 $(LAB6)) \
		$(if $(SERVER),--server $(call shell-quote,$(SERVER))) \
		$(if $(LOAD),--load $(call shell-quote,$(LOAD)))
