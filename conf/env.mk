# Local overrides, read by every `make`.  For example:
#
# GCCPREFIX := x86_64-elf-		prefix of the cross tools
# QEMU := /opt/qemu/bin/qemu-system-x86_64
# LWIP_SRC := /usr/src/lwip-2.2.1
# CPUS := 4
# SETUP := check			never install anything
