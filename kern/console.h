/*
 * console.h: the serial line COM1, a VGA text screen with keyboard, and the
 * debug console at port 0xe9 for binary records.
 */
#ifndef JIX_KERN_CONSOLE_H
#define JIX_KERN_CONSOLE_H

#include "inc/types.h"

void console_init(void);
/* Route the input interrupts to CPU 0; after ioapic_init. */
void console_init_irq(void);
void console_putc(int c);
/* Next input character or 0. Never blocks. */
int console_getc(void);
/* Would console_getc return one? */
bool console_has_input(void);
/* Wait for input with this CPU halted; for the monitor, on any CPU. */
int console_getc_wait(void);
/* From the keyboard driver: one more character of input. */
void console_input(int c);
void debugcon_write(const void *buf, size_t len);

#endif
