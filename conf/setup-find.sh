# conf/setup-find.sh: what this host has.  Part of conf/setup.
#
# find_all sets $missing (names of tools), and cc, options, p (the prefix of
# the binutils), gdb, qemu, lwip to what was found ('' if nothing was).

# makes_x86 COMPILER...: can it compile freestanding code for x86-64 ELF?
makes_x86() {
	echo 'int f(void); int f(void) { return 1; }' >"$tmp/t.c"
	"$@" -m64 -ffreestanding -fno-pic -mno-red-zone -mgeneral-regs-only \
		-mcmodel=kernel -c -o "$tmp/t.o" "$tmp/t.c" \
		>/dev/null 2>&1 || return 1
	# ELF, 64 bits, little endian, machine 62
	set -- $(od -An -v -tx1 -N20 "$tmp/t.o")
	[ "$1$2$3$4$5$6${19}" = 7f454c4602013e ]
}

# Sets cc.  A compiler that was asked for is taken or refused, none is put in
# its place.
find_cc() {
	cc=
	if [ -n "${CC:-}" ]; then
		for c in "${GCCPREFIX:-}$CC" "$CC" \
			"$CC --target=x86_64-linux-gnu"; do
			if makes_x86 $c; then
				cc=$c
				return
			fi
		done
		die "CC=$CC does not compile for x86-64 (ELF)"
	fi
	if [ -n "${GCCPREFIX:-}" ]; then
		prefixes=$GCCPREFIX
	elif [ "$machine" = x86_64 ]; then
		prefixes='- x86_64-elf- x86_64-linux-gnu-'
	else
		prefixes='x86_64-elf- x86_64-linux-gnu- -'
	fi
	for c in $prefixes; do
		c=${c#-}gcc
		if have "$c" && makes_x86 "$c"; then
			cc=$c
			return
		fi
	done
}

# Sets p, the prefix of the binutils, and whether there are any.
find_binutils() {
	p= found_binutils=
	prefixes='- x86_64-elf- x86_64-linux-gnu-'
	if [ -n "${GCCPREFIX:-}" ]; then
		prefixes=$GCCPREFIX
		have "${GCCPREFIX}ld" ||
			die "GCCPREFIX=$GCCPREFIX: there is no ${GCCPREFIX}ld"
	fi
	for c in $prefixes; do
		c=${c#-}
		have "${c}ld" && have "${c}objcopy" && have "${c}readelf" ||
			continue
		case $("${c}ld" -V 2>/dev/null) in
		*elf_x86_64*)
			p=$c found_binutils=yes
			return
			;;
		esac
	done
}

# Sets options: those of the list that the compiler knows.
find_options() {
	options= no_loop_calls= as_options= lto= lto_link=
	if $cc --version 2>/dev/null | grep -q clang; then
		# Its own assembler does not know all that GNU's does.
		as_options=-fno-integrated-as
	else
		lto=-flto
		lto_link='-flto-partition=one -flinker-output=nolto-rel'
	fi
	for o in -fcf-protection=none -fno-stack-clash-protection \
		-fno-tree-loop-distribute-patterns; do
		$cc -Werror $o -c -o "$tmp/t.o" "$tmp/t.c" \
			>/dev/null 2>&1 || continue
		case $o in
		*patterns) no_loop_calls=$o ;;
		*) options="$options $o" ;;
		esac
	done
}

# good_qemu PROGRAM: new enough, and with an igb?  Sets qemu_version.
good_qemu() {
	qemu_version=$("$1" --version 2>/dev/null |
		sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
	[ -n "$qemu_version" ] && at_least "$qemu_version" $QEMU_MIN || return 1
	"$1" -device help 2>/dev/null | grep -q '^name "igb"'
}

find_qemu() {
	qemu=
	if [ -n "${QEMU:-}" ]; then
		have "$QEMU" || die "QEMU=$QEMU: no such program"
		good_qemu "$QEMU" || die "QEMU=$QEMU" \
			"is version ${qemu_version:-unknown}: $QEMU_MIN or" \
			"newer with the igb device is needed" \
			"(without QEMU=, a fitting one is found or fetched)"
		qemu=$QEMU
		return
	fi
	for c in qemu-system-x86_64 "$CACHE/qemu/bin/qemu-system-x86_64"; do
		if have "$c" && good_qemu "$c"; then
			qemu=$(command -v "$c")
			return
		fi
	done
}

# lwip_version TREE prints the version of an unpacked lwIP.
lwip_version() {
	[ -r "$1/src/include/lwip/init.h" ] || return 0
	awk '$1 == "#define" && $2 ~ /^LWIP_VERSION_(MAJOR|MINOR|REVISION)$/ {
		gsub(/[^0-9]/, "", $3)
		printf "%s%s", dot, $3
		dot = "."
	}' "$1/src/include/lwip/init.h"
}

find_lwip() {
	lwip=
	if [ -n "${LWIP_SRC:-}" ]; then
		v=$(lwip_version "$LWIP_SRC")
		[ -n "$v" ] || die "LWIP_SRC=$LWIP_SRC holds no lwIP source"
		at_least "$v" 2.1.3 || die "LWIP_SRC=$LWIP_SRC" \
			"is lwIP $v: 2.1.3 or newer is needed"
		lwip=$LWIP_SRC
	elif [ -n "$(lwip_version "$CACHE/lwip-$LWIP_VERSION")" ]; then
		lwip=$CACHE/lwip-$LWIP_VERSION
	fi
}

find_gdb() {
	gdb=
	for c in gdb-multiarch x86_64-elf-gdb gdb; do
		if have $c && { [ $c != gdb ] || [ "$machine" = x86_64 ]; }
		then
			gdb=$c
			return
		fi
	done
}

find_all() {
	missing=
	find_cc
	[ -n "$cc" ] || missing="$missing gcc"
	find_binutils
	[ -n "$found_binutils" ] || missing="$missing binutils"
	[ -z "$cc" ] || find_options
	find_hostcc
	python3 -c 'import sys; sys.exit(sys.version_info < (3, 8))' \
		>/dev/null 2>&1 || missing="$missing python3"
	have make || have gmake || missing="$missing make"
	find_gdb
	[ -n "$gdb" ] || missing="$missing gdb"
	have curl || missing="$missing curl"
	have nc || missing="$missing nc"
	find_qemu
	if [ -z "$qemu" ] && ! can_unpack_qemu; then
		missing="$missing qemu"
	fi
	find_lwip
	if [ -z "$lwip" ]; then
		have xz || missing="$missing xz"
	fi
}

# The compiler for programs that run on this host.
find_hostcc() {
	hostcc=
	echo '#include <stdio.h>
		int main(void) { return puts("") < 0; }' >"$tmp/h.c"
	for c in gcc cc clang; do
		if have $c && $c -o "$tmp/h" "$tmp/h.c" >/dev/null 2>&1; then
			hostcc=$c
			return
		fi
	done
	missing="$missing hostcc"
}

# Write what was found as make variables, for conf/toolchain.mk.
write_found() {
	mkdir -p "${out%/*}"
	include=$($cc -print-file-name=include)
	libgcc=$($cc -m64 -print-libgcc-file-name)
	[ -f "$libgcc" ] || libgcc=
	compiler=$(command -v "${cc%% *}")
	uses="$include $(command -v "${p}ld") $(command -v "$qemu")"
	uses="$uses $lwip $(command -v python3) $compiler"
	case $missing in
	?*) key='# incomplete' ;;
	esac
	cat >"$tmp/found" <<END
$key
# uses $uses
JIX_CC := $cc
JIX_CC_VERSION := $($cc -dumpfullversion -dumpversion 2>/dev/null | head -n 1)
JIX_CC_INCLUDE := $include
JIX_CC_OPTIONS := ${options# }
JIX_AS_OPTIONS := $as_options
JIX_CC_NO_LOOP_CALLS := $no_loop_calls
JIX_CC_LTO := $lto
JIX_CC_LTO_LINK := $lto_link
JIX_LIBGCC := $libgcc
JIX_LD := ${p}ld
JIX_AR := ${p}ar
JIX_NM := ${p}nm
JIX_OBJCOPY := ${p}objcopy
JIX_OBJDUMP := ${p}objdump
JIX_READELF := ${p}readelf
JIX_ADDR2LINE := ${p}addr2line
JIX_HOSTCC := $hostcc
JIX_GDB := $gdb
JIX_QEMU := $qemu
JIX_LWIP_SRC := $lwip
END
	# Unchanged contents keep make from reading everything again, but
	# the file must be younger than what it describes.
	if [ -f "$out" ] && cmp -s "$tmp/found" "$out" &&
		[ "$out" -nt "$0" ] && [ "$out" -nt "$compiler" ]; then
		return
	fi
	cp "$tmp/found" "$out"
}
