# lib/lwip/lwip.mk: how lwIP is compiled, from LWIP_SRC, never copied into the
# tree. Shared by net/ and dp/, each with an lwipopts.h of its own.

# Sources of the stack, relative to $(LWIP_SRC)/src.
LWIP_FILES := $(addprefix core/,def.c inet_chksum.c init.c ip.c mem.c memp.c \
	netif.c pbuf.c raw.c stats.c tcp.c tcp_in.c tcp_out.c timeouts.c \
	udp.c) \
	$(addprefix core/ipv4/,etharp.c icmp.c ip4.c ip4_addr.c) \
	netif/ethernet.c

# $(call lwip-includes,DIRECTORY WITH lwipopts.h): flags to compile lwIP and
# what calls it.
lwip-includes = -I$(1) -Ilib/lwip -isystem lib/lwip/libc \
	-isystem $(LWIP_SRC)/src/include \
	-ffile-prefix-map=$(LWIP_SRC)=lwip

# lwIP's own sources are not ours to keep free of warnings.
LWIP_QUIET := -w
