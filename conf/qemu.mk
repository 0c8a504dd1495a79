# conf/qemu.mk: targets that start the machine.
CPUS ?= 2
MEM ?= 512M

qemu-nox: $(IMAGE)
	$(JIX_QEMU) -machine q35 -accel tcg,thread=multi -cpu max -m $(MEM) \
	-smp $(CPUS) -nodefaults -no-reboot -display none -serial mon:stdio \
	-drive file=$(IMAGE),format=raw,if=ide,snapshot=on \
	-device isa-debug-exit,iobase=0xf4,iosize=4 \
	-fw_cfg name=opt/jix/args,string='mode=lab6 -- $(ARGS)' \
	-netdev user,id=n0,net=10.0.2.0/24 \
	-device igb,netdev=n0,addr=4,romfile= \
	-netdev user,id=n1,net=10.0.3.0/24,dhcpstart=10.0.3.15 \
	-device igb,netdev=n1,addr=8,romfile= $(QEMUEXTRA)
