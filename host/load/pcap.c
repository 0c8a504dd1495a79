/*
 * pcap.c: frames into a capture file that tcpdump and Wireshark read
 * (pcap 2.4, nanosecond time stamps, Ethernet).  Only frames.c calls it.
 */
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <time.h>
#include "frames.h"

#define PCAP_MAGIC_NS	0xa1b23c4d
#define PCAP_ETHERNET	1

static FILE *file;

int
pcap_open(const char *path)
{
	struct {
		uint32_t magic;
		uint16_t major, minor;
		uint32_t zone, sigfigs, snaplen, linktype;
	} head = { PCAP_MAGIC_NS, 2, 4, 0, 0, FRAME_MAX, PCAP_ETHERNET };

	file = fopen(path, "wb");
	if (!file || fwrite(&head, sizeof(head), 1, file) != 1) {
		fprintf(stderr, "load: %s: %s\n", path, strerror(errno));
		return -1;
	}
	return 0;
}

void
pcap_frame(const uint8_t *frame, size_t len)
{
	struct timespec ts;

	if (!file)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	uint32_t head[4] = { (uint32_t)ts.tv_sec, (uint32_t)ts.tv_nsec,
	    (uint32_t)len, (uint32_t)len };
	fwrite(head, sizeof(head), 1, file);
	fwrite(frame, 1, len, file);
}

void
pcap_close(void)
{
	if (file && fclose(file) != 0)
		fprintf(stderr, "load: pcap: %s\n", strerror(errno));
	file = NULL;
}
