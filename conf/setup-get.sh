# conf/setup-get.sh: getting what this host lacks.  Part of conf/setup.

distro=unknown release= codename=
if [ -r /etc/os-release ]; then
	distro=$(. /etc/os-release && echo "${ID:-unknown}")
	release=$(. /etc/os-release && echo "${VERSION_ID:-0}")
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
fi

# --- Packages of the distribution ---------------------------------------

# package TOOL prints the Debian (and Ubuntu) packages that bring it.
package() {
	case $1:$machine in
	gcc:x86_64) echo gcc libc6-dev ;;
	gcc:*) echo gcc-x86-64-linux-gnu ;;
	binutils:x86_64) echo binutils ;;
	binutils:*) echo binutils-x86-64-linux-gnu ;;
	hostcc:*) echo gcc libc6-dev ;;
	gdb:x86_64) echo gdb ;;
	gdb:*) echo gdb-multiarch ;;
	nc:*) echo netcat-openbsd ;;
	qemu:*) echo qemu-system-x86 ${DISPLAY:+qemu-system-gui} ;;
	xz:*) echo xz-utils ;;
	*) echo "$1" ;;
	esac
}

# how_to_get TOOL... prints the command for this host, one line.
how_to_get() {
	if have apt-get; then
		for t in "$@"; do
			package "$t"
		done | tr ' ' '\n' | sort -u >"$tmp/packages"
		echo "apt-get install --no-install-recommends" \
			$(cat "$tmp/packages")
	elif have brew; then
		echo "brew install x86_64-elf-gcc x86_64-elf-gdb python qemu"
	elif have dnf; then
		echo "dnf install gcc binutils gdb python3 curl nmap-ncat xz" \
			"qemu-system-x86-core"
	elif have pacman; then
		echo "pacman -S gcc binutils gdb python curl openbsd-netcat" \
			"xz qemu-system-x86"
	else
		echo "install: $*"
	fi
}

# may_install COMMAND: sets sudo to the prefix that gives root, asking first
# on a terminal.  False if this cannot or may not be done.
may_install() {
	sudo=
	[ "${SETUP:-}" != check ] || return 1
	[ "$(id -u)" -eq 0 ] || sudo=sudo
	[ -z "$sudo" ] || have sudo || return 1
	if [ "${SETUP:-}" != yes ] && [ -t 0 ] && [ -t 2 ]; then
		printf 'setup: run `%s`? [Y/n] ' "${sudo:+$sudo }$1" >&2
		read -r answer || return 1
		case $answer in
		'' | [yY]*) ;;
		*) return 1 ;;
		esac
	elif [ -n "$sudo" ]; then
		sudo='sudo -n'
		$sudo true 2>/dev/null || return 1
	fi
}

# run_apt COMMAND: refresh the package lists, then run it; its output is shown
# only if it fails.
run_apt() {
	say "$1"
	{
		$sudo env DEBIAN_FRONTEND=noninteractive apt-get -q update &&
			$sudo env DEBIAN_FRONTEND=noninteractive $1 -q -y
	} >"$tmp/apt.log" 2>&1 </dev/null && return
	tail -n 20 "$tmp/apt.log" >&2
	say "this failed: $1"
	return 1
}

install_packages() {
	say "missing on this host:$missing"
	command=$(how_to_get $missing)
	if ! have apt-get; then
		say "install it with: $command"
	elif may_install "$command"; then
		run_apt "$command"
	else
		say "nothing is installed; run as root: $command"
	fi
}

install_full() {
	command="apt-get install --no-install-recommends clang clang-format
		debootstrap dnsutils iproute2 iputils-ping libmemcached-tools
		nmap python3-scapy tcpdump tshark util-linux wrk"
	command=$(echo $command)
	have apt-get || die "make check-full needs a Debian or Ubuntu host"
	may_install "$command" ||
		die "nothing is installed; run as root: $command"
	run_apt "$command"
}

# --- Things for the cache ------------------------------------------------

# A fitting QEMU can be unpacked without root on Debian.  Where the release's
# own package is new enough and can be installed, that is preferred.
can_unpack_qemu() {
	[ "$distro" = debian ] && have apt-get && have dpkg || return 1
	[ "${release%%.*}" -lt 13 ] && return 0
	[ "$(id -u)" -ne 0 ] && ! sudo -n true 2>/dev/null && [ ! -t 0 ]
}

# get_once NAME: run get_NAME unless another process is doing so or did so.
get_once() {
	[ "${SETUP:-}" != check ] || die "$1 is missing, SETUP=check fetches" \
		"nothing: run conf/setup"
	mkdir -p "$CACHE" || exit 1
	waited=
	until mkdir "$CACHE/lock" 2>/dev/null; do
		holder=$(cat "$CACHE/lock/pid" 2>/dev/null)
		if [ -n "$holder" ] && ! kill -0 "$holder" 2>/dev/null; then
			rm -rf "$CACHE/lock"
			continue
		fi
		[ -n "$waited" ] || say "another setup is running, waiting"
		waited=yes
		sleep 1
	done
	lock=$CACHE/lock
	echo $$ >"$lock/pid"
	find_"$1"
	if eval "[ -z \"\$$1\" ]"; then
		get_"$1"
		find_"$1"
	fi
	rm -rf "$lock"
	lock=
	eval "[ -n \"\$$1\" ]" || die "$1 was fetched but does not work"
}

# private_apt SUITE...: prepare an apt of our own that knows these suites from
# the mirror that this system uses, and downloads without root.
private_apt() {
	have apt-get || return 1
	apt=$tmp/apt
	rm -rf "$apt"
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	: >"$apt/status"
	mirror=$(apt-get indextargets --no-release-info \
		--format '$(RELEASE) $(REPO_URI) $(COMPONENT)' \
		'Created-By: Packages' 2>/dev/null |
		awk -v r="$codename" '$1 == r { print $2; exit }')
	[ -n "$mirror" ] || return 1
	ring=
	for f in /usr/share/keyrings/"$distro"-archive-keyring.gpg \
		/usr/share/keyrings/"$distro"-archive-keyring.pgp; do
		[ -n "$ring" ] || [ ! -r "$f" ] || ring="[signed-by=$f] "
	done
	component=main
	[ "$distro" != ubuntu ] || component='main universe'
	for suite in "$@"; do
		echo "$kind $ring$mirror $suite $component"
	done >"$apt/sources.list"
	private="-q -o Dir::State=$apt/state -o Dir::Cache=$apt/cache
		-o Dir::State::status=$apt/status
		-o Dir::Etc::sourcelist=$apt/sources.list
		-o Dir::Etc::sourceparts=- -o Acquire::Languages=none
		-o Dir::Etc::preferences=- -o Dir::Etc::preferencesparts=-
		-o APT::Sandbox::User= -o Debug::NoLocking=1"
	apt-get $private update >"$tmp/apt.log" 2>&1
}

# QEMU 11 with all the libraries it wants, from the release after this one and
# its backports, unpacked into the cache.
get_qemu() {
	say "fetching QEMU from this system's mirror (about 40 MB)"
	kind=deb
	private_apt trixie trixie-backports || {
		tail -n 3 "$tmp/apt.log" >&2
		die "QEMU: no package list from this system's mirror"
	}
	apt-get $private -y --download-only --no-install-recommends \
		-t trixie-backports install qemu-system-x86 \
		>"$tmp/apt.log" 2>&1 </dev/null || {
		tail -n 5 "$tmp/apt.log" >&2
		die "QEMU: the download failed"
	}
	new=$CACHE/qemu.new
	rm -rf "$new"
	mkdir -p "$new/root" "$new/bin"
	say "unpacking QEMU into $CACHE/qemu"
	for f in "$apt"/cache/archives/*.deb; do
		dpkg -x "$f" "$new/root" || die "QEMU: cannot unpack $f"
	done
	wrap_qemu "$new"
	rm -rf "$CACHE/qemu"
	mv "$new" "$CACHE/qemu"
	rm -rf "$apt"
}

# wrap_qemu DIR: make DIR/bin/qemu-system-x86_64, which runs the unpacked
# program with the libraries, modules and firmware unpacked beside it.
wrap_qemu() {
	program=$1/root/usr/bin/qemu-system-x86_64
	loader=$(cd "$1/root" && echo usr/lib/*-linux-gnu*/ld-linux-*.so.*)
	[ -f "$1/root/$loader" ] || die "QEMU: no dynamic loader unpacked"
	libs=${loader%/*}
	# The built-in module directory may hold the modules of the host's
	# own QEMU, which this one must not load.
	LC_ALL=C sed "s#/${libs}/qemu#/${libs}/none#g" "$program" \
		>"$tmp/qemu" && cat "$tmp/qemu" >"$program"
	for d in doc locale man icons lintian perl5 bash-completion; do
		rm -rf "$1/root/usr/share/$d"
	done
	cat >"$1/bin/qemu-system-x86_64" <<END
#!/bin/sh
# Runs the QEMU unpacked beside this script, with its own libraries.
root=\$(dirname "\$(dirname "\$(readlink -f "\$0")")")/root
QEMU_MODULE_DIR=\$root/$libs/qemu exec "\$root/$loader" --argv0 "\$0" \\
	--library-path "\$root/$libs:\$root/$libs/pulseaudio" \\
	"\$root/usr/bin/qemu-system-x86_64" \\
	-L "\$root/usr/share/qemu" -L "\$root/usr/share/seabios" "\$@"
END
	chmod +x "$1/bin/qemu-system-x86_64"
}

# known_sum FILE: is it one of the tarballs listed in conf/lwip.sha256?
known_sum() {
	if have sha256sum; then
		sum=$(sha256sum "$1")
	else
		sum=$(shasum -a 256 "$1")
	fi
	sum=${sum%% *}
	[ -n "$sum" ] && grep -q "^$sum " "$here/lwip.sha256"
}

# lwip_from SUITE: fetch lwIP's source package of that suite; true if it is
# the one that is wanted, which is then in $tmp.
lwip_from() {
	rm -f "$tmp"/lwip_*
	private_apt "$1" || return 1
	(cd "$tmp" && apt-get $private source --download-only --tar-only \
		lwip) >"$tmp/apt.log" 2>&1 </dev/null || return 1
	for f in "$tmp"/lwip_*.orig.tar.*; do
		known_sum "$f" && return
	done
	return 1
}

# A release may have another version: one of its successors has the right one.
get_lwip() {
	say "fetching the source of lwIP $LWIP_VERSION (about 1 MB)"
	kind=deb-src
	case $distro in
	debian) suites="trixie $codename" ;;
	*) suites="$codename resolute questing plucky" ;;
	esac
	for suite in $suites ''; do
		[ -n "$suite" ] || {
			tail -n 3 "$tmp/apt.log" >&2
			die "lwIP: no suite of this system's mirror" \
				"has a file listed in conf/lwip.sha256;" \
				"unpack lwIP $LWIP_VERSION somewhere and set" \
				"LWIP_SRC to it"
		}
		lwip_from "$suite" && break
	done
	new=$CACHE/lwip.new
	rm -rf "$new"
	mkdir -p "$new"
	tar -xf "$f" -C "$new" || die "lwIP: cannot unpack $f"
	rm -rf "$CACHE/lwip-$LWIP_VERSION"
	mv "$new"/* "$CACHE/lwip-$LWIP_VERSION" && rm -rf "$new"
}
