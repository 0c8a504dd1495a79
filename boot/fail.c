/*
 * The loader's last words: one line on the screen and on the first serial
 * port, by the hardware itself, for the BIOS may be what failed.
 */

#include "boot/boot.h"
#include "inc/x86.h"

/* A line under construction; always terminated, never overrun. */
struct line {
	char text[VGA_COLUMNS + 1];
	uint32_t length;
};

static void
line_char(struct line *line, char c)
{
	if (line->length < VGA_COLUMNS)
		line->text[line->length++] = c;
	line->text[line->length] = '\0';
}

static void
line_number(struct line *line, uint32_t n, uint32_t base)
{
	if (n >= base)
		line_number(line, n / base, base);
	line_char(line, "0123456789abcdef"[n % base]);
}

static void
line_format(struct line *line, const char *fmt, va_list args)
{
	for (; *fmt != '\0'; fmt++) {
		if (*fmt != '%')
			line_char(line, *fmt);
		else if (*++fmt == 'u')
			line_number(line, va_arg(args, uint32_t), 10);
		else
			line_number(line, va_arg(args, uint32_t), 16);
	}
}

static void
vga_line(const char *s)
{
	for (int i = 0; i < VGA_COLUMNS; i++)
		vga_text[i] = WHITE_ON_RED << 8 | (*s != '\0' ? *s++ : ' ');
}

static void
serial_string(const char *s)
{
	for (; *s != '\0'; s++) {
		while (!(inb(COM1_LSR) & LSR_THRE))
			;
		outb(COM1_DATA, *s);
	}
}

static void
serial_line(const char *s)
{
	outb(COM1_LCR, LCR_DLAB);
	outb(COM1_DATA, COM1_DIVISOR);
	outb(COM1_IER, 0);
	outb(COM1_LCR, LCR_8N1);
	outb(COM1_IER, 0);		/* no interrupts from it */
	serial_string("\r\n");	/* the firmware may have left a line open */
	serial_string(s);
	serial_string("\r\n");
}

void
fail(const char *fmt, ...)
{
	struct line line = { .length = 0 };
	va_list args;

	for (const char *s = "JIX boot: "; *s != '\0'; s++)
		line_char(&line, *s);
	va_start(args, fmt);
	line_format(&line, fmt, args);
	va_end(args);
	vga_line(line.text);
	serial_line(line.text);
	outb(EXIT_PORT, EXIT_BOOT);
	for (;;)
		__asm__ volatile("cli; hlt");
}
