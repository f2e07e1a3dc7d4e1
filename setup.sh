#!/usr/bin/env bash
# Sets up Mini Compete on this machine, to try it out or to run it:
#
#     ./setup.sh            asks which way you want
#     ./setup.sh --docker   PostgreSQL, Redis, Caddy and several replicas, in containers
#     ./setup.sh --local    one process, built here, with its data in ./data
#
# It tells you what's missing and how to get it, generates secrets in .env (existing ones stay unchanged), and prints the
# addresses. With --local it also adds demo data and prints the demo logins, unless PUBLIC_URL is one that others can reach.
# It's safe to run again.
set -euo pipefail
cd "$(dirname "$0")"

usage() { sed -n '2,/^set/s/^# \{0,1\}//p' setup.sh; }

say() { printf '%s\n' "$@"; }

fail() {
	printf '%s\n' "$@" >&2
	exit 1
}

choose() {
	[ -t 0 ] || fail "This isn't a terminal, so choose one yourself: ./setup.sh --docker or ./setup.sh --local"
	say "How do you want to run Mini Compete?" "  1) Docker: PostgreSQL, Redis, Caddy and several replicas, in containers" "  2) Local: one process, with its data in ./data"
	local answer
	while read -r -p "Enter 1 or 2: " answer; do
		case $answer in
		1) way=docker && return ;;
		2) way=local && return ;;
		esac
	done
	fail "You didn't choose anything."
}

# The newest assignment counts, as for those who read the file.
in_env() { [ -f .env ] && sed -n "s/^\(export \)\{0,1\}$1=//p" .env | tail -n 1 | sed "s/^[\"']\(.*\)[\"']\$/\1/" | grep .; }

random_hex() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# Adds what is missing to .env and leaves everything else in it as it is. Only its owner can read it.
write_secrets() {
	local name added=()
	if [ ! -f .env ]; then
		(umask 077 && say "# Written by setup.sh. Keep this file secret. .env.example lists all settings." >.env)
	fi
	chmod 600 .env
	[ -z "$(tail -c 1 .env)" ] || echo >>.env # its last line has no end
	for name in "$@"; do
		in_env "$name" >/dev/null && continue
		say "$name=$(random_hex)" >>.env
		added+=("$name")
	done
	if [ ${#added[@]} -eq 0 ]; then
		say ".env already has all secrets."
	else
		say "Generated secrets in .env: ${added[*]}"
	fi
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

check_port() {
	! listening "$1" || problems+=("Port $1 is already in use. Stop the program that uses it. (If it's Mini Compete, you're already set up.)")
}

check_docker() {
	if ! command -v docker >/dev/null; then
		problems+=("Docker is not installed: https://docs.docker.com/engine/install/ (or use ./setup.sh --local)")
	elif ! docker compose version >/dev/null 2>&1; then
		problems+=("Docker's Compose plugin is not installed: https://docs.docker.com/compose/install/")
	elif ! docker info >/dev/null 2>&1; then
		problems+=("Docker isn't running, or you aren't allowed to use it. Start Docker Desktop, or run: sudo systemctl start docker. To get access, run: sudo usermod -aG docker \$USER, then log in again.")
	elif [ -z "$(docker compose ps --quiet caddy 2>/dev/null)" ]; then
		check_port 3000
		check_port 3001
	fi
}

# Versions are compared as numbers, one after the other.
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

check_local() {
	local need have
	need=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' go.mod)
	if ! command -v go >/dev/null; then
		problems+=("Go $need or later is not installed: https://go.dev/dl/ (macOS: brew install go)")
		return
	fi
	have=$(go env GOVERSION | sed 's/^go//')
	# Since 1.21 an older Go fetches the one that is needed by itself, unless it is told not to.
	if ! at_least "$need" "$have" && [ "$(go env GOTOOLCHAIN)" = local ]; then
		problems+=("Go $have is too old. Get $need or later from https://go.dev/dl/")
	fi
}

stop_on_problems() {
	[ ${#problems[@]} -gt 0 ] || return 0
	say "Fix these problems first:" >&2
	printf '  - %s\n' "${problems[@]}" >&2
	exit 1
}

# A site that others reach gets no accounts whose password everybody knows.
public() {
	local url=${PUBLIC_URL:-$(in_env PUBLIC_URL)}
	[[ -n $url && ! $url =~ ^http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?/?$ ]]
}

addresses() {
	local site=http://localhost:3000 domain
	if [ "$way" = docker ] && domain=$(in_env DOMAIN); then site=https://$domain; fi
	say "" "  Pages     $site" "  API       http://localhost:3001" "  API docs  http://localhost:3001/api/docs"
}

set_up_docker() {
	check_docker
	stop_on_problems
	write_secrets POSTGRES_ADMIN_PASSWORD POSTGRES_PASSWORD REDIS_PASSWORD JWT_SECRET
	say "Building the image and starting everything (this takes a few minutes the first time)"
	docker compose up --detach --build --wait
	say "To create the first admin, run: docker compose run --rm migrate user create you@example.com --role ADMIN"
	say "" "Mini Compete is running."
	addresses
	say "" "To stop it, run: docker compose down" "To start it again, run: docker compose up --detach"
}

set_up_local() {
	check_local
	stop_on_problems
	write_secrets JWT_SECRET
	say "Building bin/minicompete"
	scripts/build
	bin/minicompete migrate up
	if public; then
		say "The site is public, so no demo data was added. To create the first admin, run: bin/minicompete user create you@example.com --role ADMIN"
		say "" "Mini Compete is set up. To start it, run: bin/minicompete serve"
	else
		logins=$(bin/minicompete seed)
		# Everybody knows these passwords, so with --demo it listens on this machine alone.
		say "" "Mini Compete is set up. To start it, run: bin/minicompete serve --demo"
	fi
	addresses
	if listening 3000 || listening 3001; then
		say "" "Port 3000 or 3001 is already in use. Stop the program that uses it, or choose other ports in .env (WEB_ADDR, API_ADDR)."
	fi
}

way='' logins=''
problems=()
case ${1:-} in
--docker) way=docker ;;
--local) way=local ;;
'') choose ;;
-h | --help) usage && exit ;;
*) usage >&2 && exit 2 ;;
esac

case $way in
docker) set_up_docker ;;
local) set_up_local ;;
esac
if [ -n "$logins" ]; then say "" "$logins"; fi
