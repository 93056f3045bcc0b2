# shellcheck shell=bash
# What the tests of OCI share: oci_registry.py, which misbehaves on demand, and docker-registry, which
# is somebody else's. Source the harness and registry.sh first.

# start_oci_registry [CERTIFICATE KEY]: oci_registry.py on a free port over $FOLDER, with TLS when it
# is given both; sets $PLACE ("oci://HOST") and $OCI_HOST. May be called again for a second one.
start_oci_registry() {
	mkdir -p "$FOLDER"
	rm -f "$FOLDER/port"
	python3 "$ROOT/tests/cli/oci_registry.py" "$FOLDER" "$@" >"$FOLDER/log" 2>&1 &
	pids+=("$!")
	local i
	for i in $(seq 500); do
		[ -s "$FOLDER/port" ] && break
		sleep 0.02
	done
	OCI_HOST=127.0.0.1:$(cat "$FOLDER/port")
	PLACE=oci${1:++https}://$OCI_HOST
	: >"$FOLDER/requests"
}

# auth KIND: what the registry wants to know from now on: open, basic or bearer.
auth() {
	echo "$1" >"$FOLDER/auth"
	: >"$FOLDER/requests"
}

# start_docker_registry [LINES]: Debian's docker-registry on a free port, with more lines of
# configuration; sets $PLACE and $OCI_HOST. Fails when it is not installed.
start_docker_registry() {
	local program port i
	program=$(PATH=$PATH:/usr/sbin command -v docker-registry) || return 1
	port=$("$ROOT/tests/free-port")
	OCI_HOST=127.0.0.1:$port
	PLACE=oci://$OCI_HOST
	mkdir -p "$T/docker-registry-$port"
	cat >"$T/docker-registry-$port.yml" <<-YML
		version: 0.1
		log: {level: error, accesslog: {disabled: true}}
		storage: {filesystem: {rootdirectory: $T/docker-registry-$port}, delete: {enabled: true}}
		http: {addr: $OCI_HOST}
		${1:-}
	YML
	"$program" serve "$T/docker-registry-$port.yml" >"$T/docker-registry-$port.log" 2>&1 &
	pids+=("$!")
	for i in $(seq 500); do
		curl -s -o /dev/null "http://$OCI_HOST/v2/" && return 0
		sleep 0.02
	done
	cat "$T/docker-registry-$port.log"
	return 1
}

# docker_config FOLDER HOST USER PASSWORD: a config.json there, as 'docker login' would leave it.
docker_config() {
	mkdir -p "$1"
	printf '{"auths": {"%s": {"auth": "%s"}}}' "$2" "$(printf %s "$3:$4" | base64 -w 0)" \
		>"$1/config.json"
}
