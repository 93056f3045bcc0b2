# shellcheck shell=bash
# What the client's tests share beyond the harness: registry.py, which misbehaves on demand, and a
# package to push to it. Source the harness first. Sets $WPKG, $FOLDER, $URL and WPKG_REGISTRY.
WPKG=$OUT/wpkg
FOLDER=$T/registry

# start_registry [CERTIFICATE KEY]: registry.py on a free port, with TLS when it is given both; may
# be called again for a second one.
start_registry() {
	mkdir -p "$FOLDER"
	rm -f "$FOLDER/port"
	python3 "$ROOT/tests/cli/registry.py" "$FOLDER" "$@" >"$FOLDER/log" 2>&1 &
	REGISTRY=$!
	pids+=("$REGISTRY")
	local i
	for i in $(seq 200); do
		[ -s "$FOLDER/port" ] && break
		sleep 0.02
	done
	URL=http${1:+s}://127.0.0.1:$(cat "$FOLDER/port")
	export WPKG_REGISTRY=$URL
	: >"$FOLDER/requests"
}

# defect NAME: what the registry does wrong from now on; "none" ends it. Forgets the requests so far.
defect() {
	echo "$1" >"$FOLDER/defect"
	: >"$FOLDER/requests"
}

# requested COUNT PATTERN: did as many requests since the last defect match?
requested() {
	local got
	got=$(grep -cE "$2" "$FOLDER/requests")
	[ "$got" -eq "$1" ] || {
		echo "$got requests match '$2', not $1:"
		cat "$FOLDER/requests"
		return 1
	}
}

# project NAME VERSION: a folder $T/NAME with a package of two files, data.bin and notes.txt.
project() {
	mkdir -p "$T/$1"
	head -c 300000 /dev/urandom >"$T/$1/data.bin"
	echo "notes of $1 $2" >"$T/$1/notes.txt"
	cat >"$T/$1/wpkg.toml" <<-TOML
		[package]
		name = "test.example/$1"
		version = "$2"
		description = "a package for tests"

		[[parcel]]
		path = "data.bin"

		[[parcel]]
		path = "notes.txt"
	TOML
}

# trust_creators [SECONDS]: packages need a creator's signature alone, since registry.py signs nothing.
# A registry that sends nothing for so long (20) is given up: less for tests of one that does that, and
# no less for others, since a machine may be busy.
trust_creators() {
	mkdir -p "$XDG_CONFIG_HOME/wpkg"
	cat >"$XDG_CONFIG_HOME/wpkg/config.toml" <<-TOML
		strategy = "CreativeIntegrity"
		stall-seconds = ${1:-20}
	TOML
	"$WPKG" key create "Test <test@example.com>" >/dev/null
}

# nothing_in FOLDER: it is absent or empty.
nothing_in() {
	[ -z "$(find "$1" -mindepth 1 2>/dev/null)" ] || {
		find "$1"
		return 1
	}
}
