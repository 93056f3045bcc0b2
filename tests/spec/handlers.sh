# shellcheck shell=bash
# Reads the interpreter's handlers as the compiler made them: each goes on to the next one by a jump.
# A call there would let the C stack grow with every instruction that a guest runs.
# Source it behind the harness.

# How a function of either machine returns, calls through a register, and calls a name.
declare -A RETURNS=([x86_64]='\tret' [aarch64]='\tret')
declare -A INDIRECT=([x86_64]='\tcall +\\*' [aarch64]='\tblr\t')
declare -A CALLS=([x86_64]='\tcall ' [aarch64]='\tbl\t')

# read_handlers MACHINE OBJDUMP PROGRAM: to $T/calls HANDLER TARGET for each call in a handler, and
# "HANDLER returns"; to $T/handlers their names. A program, not its objects: they have a section for
# each function, which takes objdump a minute and a half.
read_handlers() {
	local machine=$1 objdump=$2
	"$objdump" -d --no-show-raw-insn "$3" >"$T/code" || return 1
	sed -nE 's/^[0-9a-f]+ <(H_[A-Za-z0-9_]+_run)>:/\1/p' "$T/code" >"$T/handlers"
	awk -v returns="${RETURNS[$machine]}" -v indirect="${INDIRECT[$machine]}" \
		-v calls="${CALLS[$machine]}" '
		/^[0-9a-f]+ <.*>:$/ {
			name = $2
			gsub(/[<>:]/, "", name)
			if (name !~ /^H_.*_run$/) name = ""
		}
		name == "" { next }
		$0 ~ returns { print name, "returns" }
		$0 ~ indirect { print name, "indirect"; next }
		$0 ~ calls {
			target = $NF
			gsub(/[<>]|@plt|[-+]0x[0-9a-f]+/, "", target)
			print name, target
		}
	' "$T/code" >"$T/calls"
}

thousands_of_handlers() {
	[ "$(wc -l <"$T/handlers")" -gt 3000 ]
}
no_indirect() {
	! grep -E ' indirect$' "$T/calls"
}
only_halt_returns() {
	[ "$(grep -E ' returns$' "$T/calls" | sort -u)" = "H_halt_run returns" ]
}
# The rare ends of handlers are other handlers' ends, too: they are jumped to.
calls_are_slow_steps() {
	awk '{ print $2 }' "$T/calls" | sort -u >"$T/called"
	! grep -xE 'exec_(stop|bounds|unpaid)' "$T/called" &&
		! grep -vxE \
			'returns|exec_[a-z_0-9]+|take_bytes|ceilf?|floorf?|truncf?|rintf?|memcpy|__[a-z_0-9]+' \
			"$T/called"
}

# check_handlers: what has been read.
check_handlers() {
	check "there are thousands of them" thousands_of_handlers
	check "no handler calls where it should jump" no_indirect
	check "none but the last one returns" only_halt_returns
	check "what they call is a slow step or arithmetic" calls_are_slow_steps
}
