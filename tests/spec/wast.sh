# shellcheck shell=bash
# Runs groups of the specification's test suite and holds what fails against known-failures.tsv.
# Source it behind the harness.
SPEC=$VECTORS/wasm-spec
need_vectors wasm-spec/INDEX.tsv

# commands GROUP: how many commands its scripts have in all.
commands() { awk -F'\t' -v group="$1" '$1 == group { n += $4 } END { print n + 0 }' "$SPEC/INDEX.tsv"; }

# known FORM GROUP: the script and line of each command that is known to fail.
known() {
	awk -F'\t' -v form="$1" -v group="$2/" \
		'($1 == form || $1 == "both") && index($2, group) == 1 { print $2 }' \
		"$ROOT/tests/spec/known-failures.tsv" | sort
}

# run_group FORM GROUP FILE...: every command is run, and those fail that are known to.
run_group() {
	local form=$1 group=$2 all failed
	shift 2
	all=$(commands "$group")
	known "$form" "$group" >"$T/known"
	failed=$(wc -l <"$T/known")
	"$OUT/wpkg" wast "$@" >"$T/output"
	# "…/GROUP/NAME.wast:LINE: …" becomes "GROUP/NAME:LINE".
	sed -nE "s|^.*/($group/[^/]*)\.(wast\|json):([0-9]+):.*|\1:\3|p" "$T/output" | sort >"$T/failed"
	diff "$T/known" "$T/failed" || grep -v passed "$T/output" | head -20
	echo "$((all - failed)) passed, $failed failed, 0 skipped" >"$T/wanted"
	tail -n 1 "$T/output" | diff "$T/wanted" -
	cmp -s "$T/known" "$T/failed" && tail -n 1 "$T/output" | cmp -s "$T/wanted" -
}

# The groups of WebAssembly 3.0, and those of later proposals.
STANDARD=(core simd gc exceptions memory64 multi-memory relaxed-simd bulk-memory)
PROPOSALS=(threads custom proposals/custom-page-sizes proposals/wide-arithmetic)

# all_of_standard FILE...: the scripts of WebAssembly 3.0 at once: every command passes.
all_of_standard() {
	"$OUT/wpkg" wast "$@" >"$T/output" || tail -n 40 "$T/output"
	grep -qx "65294 passed, 0 failed, 0 skipped" "$T/output"
}
