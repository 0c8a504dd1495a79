/*
 * console.c: the serial line COM1 for output and input, and the debug console
 * at port 0xe9 for binary records. What is printed also goes to the screen, if
 * there is one, and the keyboard's characters come in here (kern/screen.h).
 *
 * Input is taken from the UART by interrupt or by whoever asks, into a ring;
 * characters that find it full are lost. All under the big kernel lock, but
 * for console_putc, which the panic path uses without it.
 */
#include "kern/console.h"
#include "kern/acpi.h"
#include "kern/cpu.h"
#include "kern/env.h"
#include "kern/irq.h"
#include "kern/kernel.h"
#include "kern/screen.h"
#include "inc/x86.h"

#define COM1		0x3f8
#define COM_DATA	0	/* data; divisor low while DLAB */
#define COM_IER		1	/* interrupt enable; divisor high */
#define COM_IER_RDI	0x01	/* received data available */
#define COM_FCR		2	/* FIFO control */
#define COM_LCR		3	/* line control */
#define COM_LCR_8N1	0x03
#define COM_LCR_DLAB	0x80
#define COM_MCR		4	/* modem control */
#define COM_MCR_DTR_RTS_OUT2 0x0b
#define COM_LSR		5	/* line status */
#define COM_LSR_DR	0x01	/* data ready */
#define COM_LSR_THRE	0x20	/* transmitter empty */
#define COM_IRQ		4

#define DEBUGCON	0xe9

#define INPUT_SIZE	512

static struct {
	char buf[INPUT_SIZE];
	uint32_t head;		/* next to read */
	uint32_t tail;		/* next to write */
} input;

static bool serial_present;

static void
input_put(int c)
{
	if (c <= 0 || input.tail - input.head == INPUT_SIZE)
		return;
	input.buf[input.tail++ % INPUT_SIZE] = c;
}

static void
serial_poll(void)
{
	while (serial_present && (inb(COM1 + COM_LSR) & COM_LSR_DR))
		input_put(inb(COM1 + COM_DATA));
}

/* Wake those that wait for input, if there is some. */
static void
wake_readers(void)
{
	if (input.head == input.tail)
		return;
	for (int i = 0; i < NENV; i++)
		if (envs[i].status == ENV_NOT_RUNNABLE &&
		    envs[i].wait == WAIT_CONSOLE)
			env_wake(&envs[i]);
}

static void
serial_irq(void *arg UNUSED)
{
	serial_poll();
	wake_readers();
}

void
console_input(int c)
{
	input_put(c);
	wake_readers();
}

void
console_init(void)
{
	outb(COM1 + COM_IER, 0);
	outb(COM1 + COM_LCR, COM_LCR_DLAB);
	outb(COM1 + COM_DATA, 1);	/* 115200 baud */
	outb(COM1 + COM_IER, 0);
	outb(COM1 + COM_LCR, COM_LCR_8N1);
	outb(COM1 + COM_MCR, COM_MCR_DTR_RTS_OUT2);
	outb(COM1 + COM_FCR, 0x01);
	outb(COM1 + COM_IER, COM_IER_RDI);
	serial_present = inb(COM1 + COM_LSR) != 0xff;
	screen_init();
}

void
console_init_irq(void)
{
	int vector = irq_alloc(serial_irq, NULL);

	if (serial_present && vector >= 0)
		irq_route_gsi(acpi.isa_gsi[COM_IRQ], vector, 0, false, false);
	keyboard_init();
}

static void
serial_putc(int c)
{
	if (!serial_present)
		return;
	if (c == '\n')
		serial_putc('\r');
	for (int i = 0; i < 100000; i++) {
		if (inb(COM1 + COM_LSR) & COM_LSR_THRE)
			break;
		cpu_pause();
	}
	outb(COM1 + COM_DATA, c);
}

void
console_putc(int c)
{
	serial_putc(c);
	screen_putc(c);
}

bool
console_has_input(void)
{
	serial_poll();
	return input.head != input.tail;
}

int
console_getc(void)
{
	if (!console_has_input())
		return 0;
	return (unsigned char)input.buf[input.head++ % INPUT_SIZE];
}

static void
steer_input(int cpu)
{
	irq_steer_gsi(acpi.isa_gsi[COM_IRQ], cpu);
	irq_steer_gsi(acpi.isa_gsi[KBD_IRQ], cpu);
}

/* The other CPUs wait for the big lock: the interrupts must come here. */
int
console_getc_wait(void)
{
	int c;

	steer_input(cpu_id());
	while ((c = console_getc()) == 0) {
		cpu_sti_hlt();
		cpu_cli();
	}
	steer_input(0);
	return c;
}

void
debugcon_write(const void *buf, size_t len)
{
	__asm__ volatile("rep outsb" : "+S"(buf), "+c"(len)
			 : "d"((uint16_t)DEBUGCON) : "memory");
}
