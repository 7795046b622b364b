/* SPDX-License-Identifier: Apache-2.0 */
/* gen_corpus — log lines as a busy OpenStack cloud writes them, for measuring.
 * In: a seed. Out: lines (the same seed gives the same bytes), and what is true of them as JSON, so
 * that answers can be checked. Templates are our own; ids, addresses, durations and the order of
 * events are drawn: requests follow each other, instances are built over seconds and deleted,
 * addresses follow Zipf's law, one request in a thousand fails. */
#include "base/bytes.h"
#include "gen.h"
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ADDRESSES 4096
#define USERS 300
#define PROJECTS 60
#define LINES_A_SECOND 200.0
#define LINES_A_STORY 1.95 /* measured: mean lines of one story */

struct truth truth;
usec now;

static uint64_t state[4];
static double zipf[ADDRESSES];
static uint32_t address[ADDRESSES];
static struct user users[USERS];

static inline uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

uint64_t chance(void) /* xoshiro256** (Blackman, Vigna) */
{
	uint64_t r = rotl(state[1] * 5, 7) * 9, t = state[1] << 17;

	state[2] ^= state[0];
	state[3] ^= state[1];
	state[1] ^= state[2];
	state[0] ^= state[3];
	state[2] ^= t;
	state[3] = rotl(state[3], 45);
	return r;
}

static void chance_seed(uint64_t seed) /* splitmix64 */
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += 0x9e3779b97f4a7c15ull;

		z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
		z = (z ^ z >> 27) * 0x94d049bb133111ebull;
		state[i] = z ^ z >> 31;
	}
}

unsigned below(unsigned n)
{
	return (unsigned)((chance() >> 32) * n >> 32);
}

unsigned between(unsigned lo, unsigned hi)
{
	return lo + below(hi - lo + 1);
}

bool one_in(unsigned n)
{
	return !below(n);
}

double unit(void)
{
	return (double)(chance() >> 11) * 0x1p-53;
}

usec about(usec mean)
{
	return (usec)(-log(1 - unit()) * (double)mean);
}

unsigned skewed(unsigned n)
{
	double u = unit();

	return (unsigned)(u * u * u * n);
}

struct id new_id(void)
{
	struct id i = { chance(), chance() };

	i.a = (i.a & ~0xf000ull) | 0x4000; /* version 4, variant 1 */
	i.b = (i.b & ~(3ull << 62)) | 2ull << 62;
	return i;
}

const struct user *any_user(void)
{
	return &users[skewed(USERS)];
}

unsigned any_address(void)
{
	double u = unit();
	unsigned lo = 0, hi = ADDRESSES - 1;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (zipf[mid] < u)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void world(void)
{
	struct id projects[PROJECTS];
	double sum = 0, all = 0;

	for (unsigned i = 0; i < ADDRESSES; i++)
		all += 1 / pow(i + 1, 1.1);
	for (unsigned i = 0; i < ADDRESSES; i++) {
		sum += 1 / pow(i + 1, 1.1) / all;
		zipf[i] = sum;
		address[i] = 10u << 24 | (uint32_t)(chance() & 0x3fffff);
	}
	for (unsigned i = 0; i < PROJECTS; i++)
		projects[i] = new_id();
	for (unsigned i = 0; i < USERS; i++)
		users[i] = (struct user){ new_id(), projects[skewed(PROJECTS)], i };
}

/* ---- text ---- */

static bool rfc5424;
static int out_fd = STDOUT_FILENO;
static char out[1 << 20];
static size_t out_len, line_at; /* the line being told begins at line_at */
static uint64_t limit;
static struct id needle;
static uint64_t needle_lines;
static bool needle_here;
static unsigned line_status, line_address;

/* Answers whose address is watched for Q4, in order of time. */
#define WATCHED 9
static struct {
	usec *at;
	size_t n, cap;
} watched;
static uint64_t refused; /* lines with 401 or 403 */

static void flush(void)
{
	for (size_t done = 0; done < line_at;) {
		ssize_t n = write(out_fd, out + done, line_at - done);

		if (n <= 0) {
			perror("gen_corpus: write");
			exit(2);
		}
		done += (size_t)n;
	}
	memmove(out, out + line_at, out_len - line_at);
	out_len -= line_at;
	line_at = 0;
}

static inline void put_char(char c)
{
	out[out_len++] = c;
}

static void put_text(const char *s, size_t n)
{
	memcpy(out + out_len, s, n);
	out_len += n;
}

static void put_number(uint64_t v, unsigned digits) /* at least so many */
{
	char t[20];
	unsigned n = 20;

	while (v || digits) {
		t[--n] = (char)('0' + v % 10);
		v /= 10;
		digits -= digits > 0;
	}
	put_text(t + n, 20 - n);
}

static void put_hex(uint64_t v, unsigned digits)
{
	while (digits--)
		put_char("0123456789abcdef"[v >> (4 * digits) & 15]);
}

static void put_uuid(const struct id *i)
{
	needle_here |= i->a == needle.a && i->b == needle.b;
	put_hex(i->a >> 32, 8);
	put_char('-');
	put_hex(i->a >> 16, 4);
	put_char('-');
	put_hex(i->a, 4);
	put_char('-');
	put_hex(i->b >> 48, 4);
	put_char('-');
	put_hex(i->b, 12);
}

static void put_address(unsigned n)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		put_number(address[n] >> shift & 255, 1);
		if (shift)
			put_char('.');
	}
}

/* The forms of the present second; only the fraction changes from line to line. */
static struct {
	usec second;
	char iso[80], oslo[80], native[80], access[80], ctime[80];
} stamp = { .second = -1 };

static void stamp_set(void)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	struct civil c;

	if (now / USEC_PER_SEC == stamp.second)
		return;
	stamp.second = now / USEC_PER_SEC;
	civil_of(now, &c);
#define STAMP(to, ...) (void)!snprintf(to, sizeof(to), __VA_ARGS__)
	STAMP(stamp.iso, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute,
	      c.second);
	STAMP(stamp.oslo, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour, c.minute,
	      c.second);
	STAMP(stamp.native, "%s %2d %02d:%02d:%02d", months[c.month - 1], c.day, c.hour, c.minute,
	      c.second);
	STAMP(stamp.access, "%02d/%s/%04d:%02d:%02d:%02d", c.day, months[c.month - 1], c.year,
	      c.hour, c.minute, c.second);
	STAMP(stamp.ctime, "%s %s %2d %02d:%02d:%02d %04d", days[now / USEC_PER_DAY % 7],
	      months[c.month - 1], c.day, c.hour, c.minute, c.second, c.year);
}

void tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	for (const char *p = fmt; *p; p++) {
		const char *s;
		uint64_t v;

		if (*p != '%') {
			put_char(*p);
			continue;
		}
		switch (*++p) {
		case 's':
			s = va_arg(ap, const char *);
			put_text(s, strlen(s));
			break;
		case 'u':
			put_number(va_arg(ap, unsigned), 1);
			break;
		case 'z':
			put_number(va_arg(ap, unsigned), 2);
			break;
		case 'm':
			put_number(va_arg(ap, unsigned), 3);
			break;
		case 'U':
			put_uuid(va_arg(ap, const struct id *));
			break;
		case 'H': {
			const struct id *i = va_arg(ap, const struct id *);

			put_hex(i->a, 16);
			put_hex(i->b, 16);
			break;
		}
		case 'A':
			put_address(va_arg(ap, unsigned));
			break;
		case 't':
			v = (uint64_t)va_arg(ap, usec);
			put_number(v / 1000000, 1);
			put_char('.');
			put_number(v % 1000000, 6);
			break;
		case 'c':
			v = (uint64_t)va_arg(ap, usec);
			put_number(v / 1000000, 1);
			put_char('.');
			put_number(v % 1000000 / 10000, 2);
			break;
		case 'x':
			v = va_arg(ap, unsigned);
			put_hex(v >> 16 & 255, 2);
			put_char(':');
			put_hex(v >> 8 & 255, 2);
			put_char(':');
			put_hex(v & 255, 2);
			break;
		case 'D':
			put_text(stamp.access, strlen(stamp.access));
			break;
		case 'C':
			put_text(stamp.ctime, strlen(stamp.ctime));
			break;
		default:
			put_char(*p);
		}
	}
	va_end(ap);
}

static void header(const char *host, const char *program, unsigned pid, enum level level,
		   unsigned facility)
{
	static const uint8_t severity[] = { 7, 6, 4, 3, 2 };

	stamp_set();
	truth.levels[level]++;
	if (!rfc5424)
		return;
	tell("<%u>1 %s.", facility * 8 + severity[level], stamp.iso);
	put_number((uint64_t)(now % USEC_PER_SEC), 6);
	tell("+00:00 %s %s %u - - ", host, program, pid);
}

void oslo(const struct job *j, const char *host, const char *service, enum level level,
	  const char *logger, const struct id *request, const struct user *user)
{
	static const char *const words[] = { "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL" };

	if (request && !needle.a && truth.lines >= limit / 2)
		needle = *request; /* one that is in a line: not every story writes its own */
	header(host, service, j->pid, level, 16);
	tell("%s.%m %u %s %s ", stamp.oslo, (unsigned)(now % USEC_PER_SEC / 1000), j->pid,
	     words[level], logger);
	if (!request)
		tell("[-] ");
	else if (!user)
		tell("[None req-%U - - - - - -] ", request);
	else
		tell("[None req-%U %H %H - - default default] ", request, &user->id,
		     &user->project);
}

void native(const char *host, const char *program, unsigned pid, enum level level)
{
	header(host, program, pid, level, strcmp(program, "sshd") ? 3 : 10);
	if (!rfc5424)
		tell("%s %s %s[%u]: ", stamp.native, host, program, pid);
}

void bare(const char *host, const char *program, unsigned pid, enum level level)
{
	header(host, program, pid, level, 16);
}

void answered(unsigned status, unsigned who)
{
	line_status = status;
	line_address = who;
}

void end(void)
{
	size_t len = out_len - line_at;

	if (truth.lines == limit) { /* enough: what this story still has to say is dropped */
		out_len = line_at;
		return;
	}
	truth.errors_404 += memmem(out + line_at, len, " 404 ", 5) != NULL;
	needle_lines += needle_here;
	refused += line_status == 401 || line_status == 403;
	if (line_status >= 400 && line_address == WATCHED) {
		if (watched.n == watched.cap) {
			watched.cap = watched.cap ? 2 * watched.cap : 1024;
			watched.at = realloc(watched.at, watched.cap * sizeof(*watched.at));
			if (!watched.at)
				abort();
		}
		watched.at[watched.n++] = now;
	}
	needle_here = false;
	line_status = 0;
	put_char('\n');
	truth.lines++;
	truth.bytes += len + 1;
	line_at = out_len;
	if (out_len > sizeof(out) - 65536)
		flush();
}

/* ---- time: stories under way, the next one first ---- */

static struct job *heap;
static size_t heap_n, heap_cap;

static void heap_put(struct job j)
{
	size_t i = heap_n++;

	if (heap_n > heap_cap) {
		heap_cap = heap_cap ? 2 * heap_cap : 1024;
		heap = realloc(heap, heap_cap * sizeof(*heap));
		if (!heap)
			abort();
	}
	for (; i && heap[(i - 1) / 2].at > j.at; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = j;
}

static struct job heap_take(void)
{
	struct job first = heap[0], last = heap[--heap_n];
	size_t i = 0, k;

	while ((k = 2 * i + 1) < heap_n) {
		k += k + 1 < heap_n && heap[k + 1].at < heap[k].at;
		if (heap[k].at >= last.at)
			break;
		heap[i] = heap[k];
		i = k;
	}
	heap[i] = last;
	return first;
}

static void run(void)
{
	const usec gap = (usec)(USEC_PER_SEC * LINES_A_STORY / LINES_A_SECOND);
	usec next = now;

	while (truth.lines < limit) {
		struct job j;
		usec wait;

		if (!heap_n || next < heap[0].at) {
			now = next;
			next += about(gap);
			j = any_story();
		} else {
			j = heap_take();
			now = j.at;
		}
		wait = j.tell(&j);
		j.at = now + wait;
		if (wait >= 0)
			heap_put(j);
	}
	flush();
}

static void truth_write(const char *path, uint64_t seed)
{
	usec since = now - now % USEC_PER_SEC - 600 * USEC_PER_SEC;
	uint64_t q4 = 0;
	FILE *f = fopen(path, "w");

	if (!f) {
		perror(path);
		exit(2);
	}
	for (size_t i = 0; i < watched.n; i++)
		q4 += watched.at[i] >= since;
	fprintf(f,
		"{\"seed\": %llu, \"format\": \"%s\", \"lines\": %llu, \"bytes\": %llu, "
		"\"first\": \"2026-03-01T00:00:00Z\", \"last_epoch\": %lld, "
		"\"keystone_failures\": %llu, \"ssh_failures\": %llu, \"traceback_lines\": %llu, ",
		(unsigned long long)seed, rfc5424 ? "rfc5424" : "plain",
		(unsigned long long)truth.lines, (unsigned long long)truth.bytes,
		(long long)(now / USEC_PER_SEC), (unsigned long long)truth.keystone_failures,
		(unsigned long long)truth.ssh_failures, (unsigned long long)truth.tracebacks);
	out_len = 0;
	put_uuid(&needle);
	put_char(0);
	fprintf(f, "\"needle\": \"req-%s\", \"q1\": %llu, \"q2\": 0, \"q3\": %llu, ", out,
		(unsigned long long)needle_lines, (unsigned long long)truth.errors_404);
	out_len = 0;
	put_address(WATCHED);
	put_char(0);
	fprintf(f,
		"\"address\": \"%s\", \"since_epoch\": %lld, \"q4\": %llu, \"q6\": %llu, "
		"\"q7_lines\": %llu, \"levels\": {\"debug\": %llu, \"info\": %llu, "
		"\"warning\": %llu, \"error\": %llu, \"critical\": %llu}}\n",
		out, (long long)(since / USEC_PER_SEC), (unsigned long long)q4,
		(unsigned long long)truth.took, (unsigned long long)refused,
		(unsigned long long)truth.levels[DEBUG], (unsigned long long)truth.levels[INFO],
		(unsigned long long)truth.levels[WARNING], (unsigned long long)truth.levels[ERROR],
		(unsigned long long)truth.levels[CRITICAL]);
	if (fclose(f)) {
		perror(path);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	const char *truth_path = NULL, *path = NULL;
	uint64_t seed = 1;
	int o;

	limit = 100000;
	while ((o = getopt(argc, argv, "n:s:f:o:t:")) != -1) {
		if ((o == 'n' && bytes_u64(bytes_str(optarg), &limit) && limit) ||
		    (o == 's' && bytes_u64(bytes_str(optarg), &seed)))
			continue;
		if (o == 'f' && (!strcmp(optarg, "plain") || !strcmp(optarg, "rfc5424")))
			rfc5424 = *optarg == 'r';
		else if (o == 'o')
			path = optarg;
		else if (o == 't')
			truth_path = optarg;
		else
			optind = argc + 1;
	}
	if (optind != argc) {
		fprintf(stderr, "usage: gen_corpus [-n LINES] [-s SEED] [-f plain|rfc5424] "
				"[-o FILE] [-t TRUTH.json]\n");
		return 2;
	}
	if (path) {
		out_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (out_fd < 0) {
			perror(path);
			return 2;
		}
	}
	chance_seed(seed);
	world();
	now = (usec)1772323200 * USEC_PER_SEC; /* 2026-03-01T00:00:00Z */
	run();
	if (truth_path)
		truth_write(truth_path, seed);
	free(heap);
	free(watched.at);
	return 0;
}
