/*
 * error.h: error codes, shared by the kernel, the libOS and every program.
 * A call that fails returns the code's negative value.
 *
 * One list: the enumeration and the texts of error_string() come from it.
 */
#ifndef JIX_INC_ERROR_H
#define JIX_INC_ERROR_H

#define ERRORS(X) \
	X(1, UNSPECIFIED, "unspecified error") \
	X(2, BAD_ENV, "bad environment") \
	X(3, INVAL, "invalid parameter") \
	X(4, NO_MEM, "out of memory") \
	X(5, NO_FREE_ENV, "out of environments") \
	X(6, FAULT, "bad address") \
	X(7, IPC_NOT_RECV, "env is not receiving") \
	X(8, EOF, "unexpected end of file") \
	X(9, NO_DISK, "no free space on disk") \
	X(10, MAX_OPEN, "too many files are open") \
	X(11, NOT_FOUND, "file or block not found") \
	X(12, BAD_PATH, "invalid path") \
	X(13, FILE_EXISTS, "file already exists") \
	X(14, NOT_EXEC, "file is not a valid executable") \
	X(15, NOT_SUPP, "operation not supported") \
	X(16, AGAIN, "try again: it would block") \
	X(17, BAD_HANDLE, "stale or forged handle") \
	X(18, TIMEOUT, "timed out") \
	X(19, CONN_RESET, "connection reset") \
	X(20, CONN_REFUSED, "connection refused") \
	X(21, NOT_CONN, "not connected") \
	X(22, ADDR_IN_USE, "address in use") \
	X(23, NO_DEV, "no such device") \
	X(24, BUSY, "in use") \
	X(25, PERM, "not permitted") \
	X(26, TOO_BIG, "too big") \
	X(27, IO, "device error") \
	X(28, NO_ROUTE, "no route to host") \
	X(29, CONN_ABORTED, "connection aborted")

enum {
#define ERROR_ENUM(n, name, text) E_##name = n,
	ERRORS(ERROR_ENUM)
#undef ERROR_ENUM
	E_MAX
};

#endif
