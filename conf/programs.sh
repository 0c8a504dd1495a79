# sh conf/programs.sh DIR NAME...: write the assembly file that puts the
# programs DIR/NAME into the kernel.  inc/program.h declares what it defines:
# `programs`, an array of {name, start, end}, and `nprograms`.
set -eu
dir=$1
shift
cat <<END
/* Made by conf/programs.sh: the programs inside the kernel image. */
	.section .programs, "a", @progbits
END
n=0
for name in "$@"; do
	cat <<END
	.balign 16
.Lstart$n:
	.incbin "$dir/$name"
.Lend$n:
.Lname$n:
	.asciz "$name"
END
	n=$((n + 1))
done
cat <<END
	.balign 8
	.globl programs, nprograms
	.type programs, @object
	.type nprograms, @object
programs:
END
i=0
while [ $i -lt $n ]; do
	echo "	.quad .Lname$i, .Lstart$i, .Lend$i"
	i=$((i + 1))
done
cat <<END
	.size programs, . - programs
nprograms:
	.quad $n
	.size nprograms, 8
	.section .note.GNU-stack, "", @progbits
END
