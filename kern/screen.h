/*
 * screen.h: the VGA text screen and the PS/2 keyboard of `make qemu`.
 */
#ifndef JIX_KERN_SCREEN_H
#define JIX_KERN_SCREEN_H

#include "inc/types.h"

#define KBD_IRQ		1	/* the keyboard's ISA interrupt */

/* Find the screen, clear it; no effect on a machine without one. */
void screen_init(void);
/* Write one character: printable, newline, return, tab or backspace. */
void screen_putc(int c);
/* Route the keyboard's interrupt to CPU 0; after ioapic_init. */
void keyboard_init(void);

#endif
