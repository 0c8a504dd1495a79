/*
 * string.h: memory and string functions (lib/string.c), compiled for the
 * kernel, for environments and for the libOS from one source.
 */
#ifndef JIX_INC_STRING_H
#define JIX_INC_STRING_H

#include "inc/types.h"

void *memset(void *dst, int c, size_t n);
void *memcpy(void *dst, const void *src, size_t n);	/* rep movsb */
void *memmove(void *dst, const void *src, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *needle);
/* Copy at most size - 1 bytes and always end dst; the length of src. */
size_t strlcpy(char *dst, const char *src, size_t size);
/* Parse as C does (base 0: by prefix); *end is set if not null. */
long strtol(const char *s, char **end, int base);
uint64_t strtoull(const char *s, char **end, int base);
int atoi(const char *s);

#endif
