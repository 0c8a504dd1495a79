/*
 * lwippools.h: the size classes of lwIP's mem_malloc (read by lwIP itself,
 * see MEMP_USE_CUSTOM_POOLS). A segment needs its payload, 54 bytes of
 * headers and a pbuf: bare ACKs and headers of zero-copy segments fall into
 * the first class, a 64-byte message into the second, a full one into the
 * last.
 */
LWIP_MALLOC_MEMPOOL_START
LWIP_MALLOC_MEMPOOL(JIX_SEGMENTS, 104)
LWIP_MALLOC_MEMPOOL(JIX_SEGMENTS, 208)
LWIP_MALLOC_MEMPOOL(JIX_SEGMENTS / 4, 640)
LWIP_MALLOC_MEMPOOL(JIX_SEGMENTS / 2, 1600)
LWIP_MALLOC_MEMPOOL_END
