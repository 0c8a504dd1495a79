/*
 * lwipopts.h: lwIP in the core network server of lab-6 mode. The options are
 * those of inc/lwipopts-common.h; here are the sizes.
 */
#ifndef JIX_NET_LWIPOPTS_H
#define JIX_NET_LWIPOPTS_H

#define JIX_TCP_CONNS	2048
#define JIX_UDP_PCBS	64
#define JIX_SEGMENTS	2048
#define JIX_RAW		1
#define JIX_RX_PBUFS	2048

#include "inc/lwipopts-common.h"

#endif
