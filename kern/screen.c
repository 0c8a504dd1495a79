/*
 * screen.c: console output on a VGA text screen, and input from a PS/2
 * keyboard (IBM VGA and PS/2 hardware references). The screen is 80 by 25
 * cells of character and attribute at physical 0xb8000; the CRT controller
 * keeps the cursor. The keyboard sends scan codes of set 1, a byte for a key
 * going down, the same with bit 7 for it going up.
 *
 * Callers hold the console's lock (kern/printf.c), or are a panic.
 */
#include "kern/screen.h"
#include "kern/acpi.h"
#include "kern/console.h"
#include "kern/irq.h"
#include "kern/kernel.h"
#include "kern/pmap.h"
#include "inc/x86.h"

#define TEXT_PA		0xb8000
#define COLUMNS		80
#define ROWS		25
#define ATTRIBUTE	0x0700		/* light grey on black */

#define CRTC_INDEX	0x3d4
#define CRTC_DATA	0x3d5
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW	0x0f

#define KBD_DATA	0x60
#define KBD_STATUS	0x64
#define KBD_FULL	0x01		/* output buffer holds a byte */
#define KBD_AUX		0x20		/* ... of the mouse */

#define KEY_UP		0x80
#define KEY_EXTENDED	0xe0
#define KEY_CTRL	0x1d
#define KEY_LSHIFT	0x2a
#define KEY_RSHIFT	0x36
#define KEY_CAPS	0x3a
#define KEY_ARROW_UP	0x48
#define KEY_ARROW_DOWN	0x50

static volatile uint16_t *text;		/* null: there is no screen */
static unsigned position;

/* Characters of the keys 0x00 .. 0x39, without and with shift. */
static const char plain[] =
	"\0\0331234567890-=\b\tqwertyuiop[]\n\0asdfghjkl;'`"
	"\0\\zxcvbnm,./\0*\0 ";
static const char shifted[] =
	"\0\033!@#$%^&*()_+\b\tQWERTYUIOP{}\n\0ASDFGHJKL:\"~"
	"\0|ZXCVBNM<>?\0*\0 ";

static void
crtc_write(uint8_t index, uint8_t v)
{
	outb(CRTC_INDEX, index);
	outb(CRTC_DATA, v);
}

static void
move_cursor(void)
{
	crtc_write(CRTC_CURSOR_HIGH, position >> 8);
	crtc_write(CRTC_CURSOR_LOW, position & 0xff);
}

void
screen_init(void)
{
	/* A CRT controller answers with what was written to it. */
	crtc_write(CRTC_CURSOR_LOW, 0xa5);
	if (inb(CRTC_DATA) != 0xa5)
		return;
	text = pa2kva(TEXT_PA);
	for (unsigned i = 0; i < COLUMNS * ROWS; i++)
		text[i] = ATTRIBUTE | ' ';
	position = 0;
	move_cursor();
}

static void
scroll(void)
{
	for (unsigned i = 0; i < COLUMNS * (ROWS - 1); i++)
		text[i] = text[i + COLUMNS];
	for (unsigned i = COLUMNS * (ROWS - 1); i < COLUMNS * ROWS; i++)
		text[i] = ATTRIBUTE | ' ';
	position -= COLUMNS;
}

void
screen_putc(int c)
{
	if (!text)
		return;
	if (c == '\n')
		position += COLUMNS - position % COLUMNS;
	else if (c == '\r')
		position -= position % COLUMNS;
	else if (c == '\t')
		position = ROUNDUP(position + 1, 8);
	else if (c == '\b' && position > 0)
		position--;
	else if (c >= ' ')
		text[position++] = ATTRIBUTE | (c & 0xff);
	if (position >= COLUMNS * ROWS)
		scroll();
	move_cursor();
}

/* One scan code: the input characters it stands for go to the console. */
static void
key(uint8_t code)
{
	static bool shift, ctrl, caps, extended;
	bool up = code & KEY_UP;
	char c = 0;

	if (code == KEY_EXTENDED) {
		extended = true;
		return;
	}
	code &= ~KEY_UP;
	if (code == KEY_LSHIFT || code == KEY_RSHIFT) {
		shift = !up;
	} else if (code == KEY_CTRL) {
		ctrl = !up;
	} else if (code == KEY_CAPS && !up) {
		caps = !caps;
	} else if (extended && !up &&
		   (code == KEY_ARROW_UP || code == KEY_ARROW_DOWN)) {
		console_input('\033');
		console_input('[');
		c = code == KEY_ARROW_UP ? 'A' : 'B';
	} else if (!up && code < sizeof(plain) - 1) {
		c = shift ? shifted[code] : plain[code];
		if (caps && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
			c ^= 0x20;
		if (ctrl && c >= '@')
			c &= 0x1f;
	}
	extended = false;
	if (c)
		console_input(c);
}

static void
keyboard_irq(void *arg UNUSED)
{
	uint8_t status;

	while ((status = inb(KBD_STATUS)) & KBD_FULL) {
		uint8_t code = inb(KBD_DATA);

		if (!(status & KBD_AUX))
			key(code);
	}
}

void
keyboard_init(void)
{
	int vector;

	if (!text)
		return;
	vector = irq_alloc(keyboard_irq, NULL);
	if (vector < 0)
		return;
	while (inb(KBD_STATUS) & KBD_FULL)
		inb(KBD_DATA);
	irq_route_gsi(acpi.isa_gsi[KBD_IRQ], vector, 0, false, false);
}
