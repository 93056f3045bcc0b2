# shellcheck shell=bash
# What the shell tests share; source it first. Each test is "check 'sentence' command ...".
# Sets $OUT (programs), $VECTORS and $CORPUS (data of others, the latter by "make corpus") and $T (a
# folder of its own, removed at the end), and ends every process that start_server started.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
OUT=${OUT:-$ROOT/build/release}
case $OUT in /*) ;; *) OUT=$PWD/$OUT ;; esac # tests change their folder
VECTORS=${WPKG_VECTORS:-$ROOT/../shared/vectors}
CORPUS=${WPKG_CORPUS:-$ROOT/build/corpus}
T=$(mktemp -d)
export OUT VECTORS CORPUS T
# Guests race over their own memory.
export TSAN_OPTIONS=${TSAN_OPTIONS:-suppressions=$ROOT/tests/tsan.suppressions}
export HOME=$T/home XDG_CONFIG_HOME=$T/home/config XDG_CACHE_HOME=$T/home/cache NO_COLOR=1
unset "${!WPKG_@}" DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_RUNTIME_DIR
mkdir -p "$HOME"
passed=0 failed=0 skipped=0
pids=()

finish() {
	local code=$?
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	rm -rf "$T"
	if [ "$code" -ne 0 ]; then
		echo "the script ended early with $code"
		failed=$((failed + 1))
	fi
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] || exit 1
}
trap finish EXIT

# check SENTENCE COMMAND...: passes when the command exits 0; else its output is shown.
check() {
	check_exit 0 "$@"
}

# check_exit CODE SENTENCE COMMAND...: passes when the command exits with that code.
check_exit() {
	local want=$1 sentence=$2 got
	shift 2
	"$@" >"$T/.check" 2>&1
	got=$?
	if [ "$got" -eq "$want" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $sentence (exit $got, not $want): $*"
		sed 's/^/    /' "$T/.check" | head -40
	fi
}

# check_output TEXT SENTENCE: the last command's output (of check or check_exit) holds the text.
check_output() {
	if grep -aqF -- "$1" "$T/.check"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $2: no '$1' in:"
		sed 's/^/    /' "$T/.check" | head -40
	fi
}

# check_no_output TEXT SENTENCE: the last command's output does not hold the text.
check_no_output() {
	if grep -aqF -- "$1" "$T/.check"; then
		failed=$((failed + 1))
		echo "FAILED: $2: there is '$1' in:"
		sed 's/^/    /' "$T/.check" | head -40
	else
		passed=$((passed + 1))
	fi
}

# skip REASON [N]: counts N (1) skipped tests, with the reason.
skip() {
	skipped=$((skipped + ${2:-1}))
	echo "skip: $1"
}

# is_instrumented: sanitizers or coverage are in what is tested, so that its calls, its memory and the time
# that it takes are not its own.
is_instrumented() {
	case $(basename "$OUT") in
	asan | ubsan | tsan | cov | fuzz) return 0 ;;
	*) return 1 ;;
	esac
}

# need_vectors SUBFOLDER: ends the script with a failure that says where to get them.
need_vectors() {
	[ -e "$VECTORS/$1" ] && return 0
	echo "missing test data: $VECTORS/$1 (set WPKG_VECTORS to the folder of vectors; README says where to get them)"
	failed=$((failed + 1))
	exit 0
}

# start_server [OPTIONS]: wpkgd on a free port over $T/data; sets $URL and $SERVER (its process id).
start_server() {
	"$OUT/wpkgd" --data "$T/data" --listen 127.0.0.1:0 --port-file "$T/port" "$@" \
		>"$T/server.log" 2>&1 &
	SERVER=$!
	pids+=("$SERVER")
	local i
	for i in $(seq 200); do
		[ -s "$T/port" ] && break
		kill -0 "$SERVER" 2>/dev/null || break
		sleep 0.02
	done
	if [ ! -s "$T/port" ]; then
		echo "wpkgd did not start:"
		cat "$T/server.log"
		return 1
	fi
	URL=http://127.0.0.1:$(cat "$T/port")
	rm -f "$T/port"
}

# stop_server: ends it as an operator would, and waits.
stop_server() {
	kill "$SERVER" 2>/dev/null
	wait "$SERVER" 2>/dev/null
}
