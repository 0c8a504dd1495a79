/*
 * t_load.c: the load generator against itself (--self: client and server on
 * the same stack, joined by a socket pair), under the sanitizers; it must
 * serve what it is asked to, and say so when it cannot.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include "host/test/test.h"

#define ASAN	OBJDIR "/host/load-asan "
#define PLAIN	OBJDIR "/host/load "
#define BODY	OBJDIR "/host/load-test/body"
#define SOCKET	OBJDIR "/host/load-test/s "
#define CAPTURE	OBJDIR "/host/load-test/ping.pcap"

static char output[65536];

/* Runs a command of the shell; its exit status, and all it said in output. */
static int
sh(const char *command)
{
	char all[2048];
	FILE *f;
	size_t n;
	int how;

	snprintf(all, sizeof(all), "%s 2>&1", command);
	f = popen(all, "r");
	if (!f)
		return -1;
	n = fread(output, 1, sizeof(output) - 1, f);
	output[n] = 0;
	how = pclose(f);
	return WIFEXITED(how) ? WEXITSTATUS(how) : 256 + WTERMSIG(how);
}

static int
load(const char *args)
{
	char command[1536];

	snprintf(command, sizeof(command), ASAN "%s --self --timeout 30",
	    args);
	return sh(command);
}

static int
says(const char *what)
{
	if (strstr(output, what))
		return 1;
	printf("%s\n", output);
	return 0;
}

/* Field @name of the last run's CSV. */
static double
field(const char *name)
{
	char *head = strstr(output, "mode,"), *line = strchr(head, '\n');

	for (line++; head && strncmp(head, name, strlen(name)); ) {
		head = strchr(head, ',');
		line = strchr(line, ',');
		if (!head || !line)
			return -1;
		head++;
		line++;
	}
	return head ? atof(line) : -1;
}

static int
csv(const char *args)
{
	char all[1200];

	snprintf(all, sizeof(all), "%s --csv --csv-header", args);
	return load(all);
}

TEST(echo_of_64_connections)
{
	CHECK_EQ(csv("echo --conns 64 --messages 100"), 0);
	CHECK_EQ(field("messages"), 6400);
	CHECK_EQ(field("bytes"), 409600);
	CHECK_EQ(field("errors"), 0);
	/* None, but a host that stands still for a while has all sent again. */
	CHECK(field("retransmits") <= 10 * 64);
	CHECK(field("p50_us") > 0 && field("p50_us") <= field("max_us"));
}

TEST(echo_of_64_kb_messages)
{
	CHECK_EQ(csv("echo --conns 8 --size 64k --messages 20"), 0);
	CHECK_EQ(field("bytes"), 8 * 20 * 65536);
}

TEST(echo_by_time_stops)
{
	CHECK_EQ(csv("echo --conns 4 --time 0.3 --warmup 0.1"), 0);
	CHECK(field("messages") > 100);
	CHECK(field("seconds") > 0.25 && field("seconds") < 1);
}

TEST(transfer_of_2_mb_survives_loss_duplication_reordering)
{
	CHECK_EQ(load("xfer --size 2M --loss 5 --dup 5 --reorder 5"), 0);
	CHECK(says("they match"));
	CHECK_EQ(csv("xfer --size 2M --loss 5 --dup 5 --reorder 5 --seed 2"),
	    0);
	CHECK(field("retransmits") > 10);
}

TEST(transfer_survives_corruption)
{
	CHECK_EQ(csv("xfer --size 1M --corrupt 2"), 0);
	CHECK(field("bad_checksums") > 0);
	CHECK_EQ(field("mismatches"), 0);
}

TEST(transfer_with_delay)
{
	CHECK_EQ(csv("xfer --size 256k --delay 5 --jitter 2"), 0);
	CHECK(field("p50_us") > 10000);
}

TEST(churn_200_connections_10_times)
{
	CHECK_EQ(csv("churn --conns 200 --rounds 10"), 0);
	CHECK_EQ(field("messages"), 2000);
	CHECK_EQ(csv("churn --conns 200 --rounds 10 --abort"), 0);
	CHECK_EQ(field("messages"), 2000);
}

TEST(churn_survives_loss)
{
	CHECK_EQ(csv("churn --conns 100 --rounds 2 --loss 5 --reorder 5"), 0);
	CHECK_EQ(field("messages"), 200);
}

TEST(hold_serves_each_connection)
{
	CHECK_EQ(csv("hold --conns 1000 --hold 0.2"), 0);
	CHECK_EQ(field("messages"), 1000);
}

TEST(ten_thousand_connections_plain_build)
{
	CHECK_EQ(sh(PLAIN "hold --conns 10000 --hold 0 --ips 3 --self "
	    "--timeout 60 --csv --csv-header"), 0);
	CHECK_EQ(field("messages"), 10000);
}

TEST(udp_and_ping)
{
	CHECK_EQ(csv("udp --conns 32 --messages 50"), 0);
	CHECK_EQ(field("messages"), 1600);
	CHECK_EQ(csv("udp --conns 2 --size 8000 --messages 20"), 0);
	CHECK_EQ(csv("udp --conns 8 --messages 50 --loss 5 --rto 0.02"), 0);
	CHECK_EQ(field("messages"), 400);
	CHECK(field("retransmits") > 10);
	CHECK_EQ(csv("ping --conns 4 --messages 25 --size 1000"), 0);
	CHECK_EQ(field("messages"), 100);
}

TEST(a_lost_datagram_without_retries_is_an_error)
{
	CHECK_EQ(csv("udp --conns 8 --messages 50 --loss 5 --rto 0.02 "
	    "--retries 0"), 1);
	CHECK(field("timeouts") > 0);
}

TEST(http_bodies_are_checked)
{
	CHECK_EQ(csv("http --path /1000 --conns 8 --messages 20"), 0);
	CHECK_EQ(field("bytes"), 160 * 1000);
	CHECK_EQ(csv("http --path /70000 --conns 3 --messages 5 "
	    "--no-keepalive"), 0);
	CHECK_EQ(field("messages"), 15);
	CHECK_EQ(load("http --path /500 --out " BODY), 0);
	CHECK_EQ(load("http --path /500 --expect " BODY), 0);
	CHECK_EQ(load("http --path /501 --expect " BODY), 1);
	CHECK(says("wrong body"));
	CHECK_EQ(load("http --path /nothing"), 1);
	CHECK(says("status 404"));
	CHECK_EQ(load("http --path /nothing --status 404"), 0);
}

TEST(open_loop_offers_what_was_asked)
{
	CHECK_EQ(csv("open --rate 2000 --conns 8 --time 1"), 0);
	CHECK(field("messages") > 1700 && field("messages") < 2300);
	CHECK_EQ(field("offered"), 2000);
	CHECK(field("lag_max_us") > 0);
}

TEST(open_loop_counts_from_the_intended_time)
{
	/* an answer comes 20 ms after its request at the soonest */
	CHECK_EQ(csv("open --rate 500 --conns 4 --time 0.5 --delay 10"), 0);
	CHECK(field("p50_us") > 20000);
}

TEST(hostile_frames_do_not_stop_service)
{
	CHECK_EQ(load("fuzz --count 20000 --seed 3"), 0);
	CHECK(says("10 messages echoed"));
	CHECK_EQ(load("fuzz --count 2000 --kinds arp,runt"), 0);
	CHECK_EQ(load("synflood --count 5000"), 0);
	CHECK_EQ(load("synflood --count 2000 --complete"), 0);
}

TEST(several_source_addresses)
{
	CHECK_EQ(csv("churn --conns 50 --rounds 4 --ips 8"), 0);
	CHECK_EQ(field("messages"), 200);
}

TEST(wrong_data_is_found)
{
	CHECK_EQ(csv("echo --messages 50 --lie"), 1);
	CHECK_EQ(field("mismatches"), 1);
	CHECK_EQ(load("xfer --size 64k --lie"), 1);
	CHECK(says("THEY DIFFER"));
	CHECK_EQ(csv("udp --messages 50 --lie"), 1);
	CHECK_EQ(field("mismatches"), 1);
}

TEST(refusal_is_reported)
{
	CHECK_EQ(sh(ASAN "http --port 7 --self --timeout 5"), 1);
	CHECK_EQ(sh("(" ASAN "serve -L stream:" SOCKET "& "
	    ASAN "echo stream:" SOCKET "--port 9 --conns 3; "
	    "s=$?; wait; exit $s)"), 1);
	CHECK(says("refused"));
}

TEST(silence_is_bounded)
{
	CHECK_EQ(sh(ASAN "echo --self --peer 10.0.2.15 --loss 100 "
	    "--timeout 0.5"), 3);
	CHECK(says("no ARP reply"));
	CHECK_EQ(sh(ASAN "echo stream:" OBJDIR "/no-such-socket "
	    "--timeout 0.2"), 3);
	CHECK_EQ(sh(ASAN "xfer --self --delay 400 --size 4M --timeout 1.5"),
	    1);
	CHECK(says("time is up"));
}

TEST(a_link_that_closes_ends_the_run)
{
	CHECK_EQ(sh("(" ASAN "serve -L stream:" SOCKET
	    "--time 0.5 & " ASAN "echo stream:" SOCKET
	    "--time 20; s=$?; wait; exit $s)"), 1);
	CHECK(says("the link was closed"));
}

TEST(unix_sockets_stream_and_datagram)
{
	CHECK_EQ(sh("(" ASAN "serve -L stream:" SOCKET "& "
	    ASAN "xfer stream:" SOCKET "--size 300k; "
	    "s=$?; wait; exit $s)"), 0);
	CHECK_EQ(sh("(" ASAN "serve -L dgram:" OBJDIR "/host/load-test/d "
	    "--time 3 & " ASAN "echo dgram:" OBJDIR "/host/load-test/d "
	    "--conns 8 --size 4000; s=$?; wait; exit $s)"), 0);
}

TEST(raw_frames)
{
	/* ARP: who has 10.0.2.15, asked by 10.0.2.77 at 02:00:00:00:00:4d */
	CHECK_EQ(sh(ASAN "raw --self --recv 1 --timeout 5 --frame "
	    "ffffffffffff02000000004d08060001080006040001"
	    "02000000004d0a00024d0000000000000a00020f"), 0);
	CHECK(says("02000000004d5254004a58650806000108000604000252"
	    "54004a58650a00020f02000000004d0a00024d"));
	CHECK_EQ(sh(ASAN "raw --self --frame 12g4 --time 0.1"), 2);
}

TEST(capture_file_holds_all_frames)
{
	CHECK_EQ(load("ping --messages 10 --size 1000 --pcap " CAPTURE), 0);
	CHECK_EQ(sh("od -An -tx4 -N4 " CAPTURE), 0);
	CHECK(says("a1b23c4d"));
	/* 20 echoes of 1042 bytes, 2 ARP of 60, maybe 2 more */
	CHECK_EQ(sh("wc -c <" CAPTURE), 0);
	CHECK(atoi(output) >= 24 + 20 * (16 + 1042) + 2 * (16 + 60));
	CHECK(atoi(output) <= 24 + 20 * (16 + 1042) + 6 * (16 + 60));
}

TEST(nonsense_is_refused)
{
	CHECK_EQ(sh(ASAN), 2);
	CHECK_EQ(sh(ASAN "fly --self"), 2);
	CHECK_EQ(sh(ASAN "echo"), 2);
	CHECK_EQ(sh(ASAN "echo --self --loss 101"), 2);
	CHECK_EQ(sh(ASAN "echo --self --conns 0"), 2);
	CHECK_EQ(sh(ASAN "echo --self --no-such-option"), 2);
	CHECK_EQ(sh(ASAN "open --self"), 2);
	CHECK_EQ(sh(ASAN "fuzz --self --kinds runt,fish"), 2);
	CHECK_EQ(sh(ASAN "--help"), 0);
	CHECK_EQ(sh(ASAN "--csv-header"), 0);
	CHECK(says("mode,connections,size"));
}
