#!/usr/bin/env bash
# Shows stackctl at work on the example manifests, in about a minute, and checks every claim it makes (exit 0: all held).
#   npm start               runs it and removes what it made
#   npm start -- --keep     leaves the daemon and the stacks running, and says how to look at them
#   npm start -- --remove   removes what --keep left
# It works on a copy of manifests/demo and manifests/ai-stack and touches nothing on the engine that it did not make.
set -euo pipefail
source "$(dirname "$0")/say.sh"
cd "$root"

keep=
remove=
for argument in "$@"; do
  case $argument in
    --keep) keep=1 ;;
    --remove) remove=1 ;;
    *) stop "usage: start.sh [--keep|--remove]" ;;
  esac
done

stacks=(demo ai-stack)
note=$root/build/start # where a kept run is: its directory, and the daemon's process
work=
daemon=
stackctl() { node dist/bin/stackctl.js "$@"; }
engine() { node scripts/images/engine.mjs "$@"; }

step() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }
show() { printf '$ %s\n' "$*"; "$@"; }
claim() { printf '   checked: %s\n' "$*"; }

# Runs a command again and again until it succeeds: until_true SECONDS WHAT COMMAND...
until_true() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || stop "not so in time: $what"
    sleep 0.5
  done
}

free_port() { # PREFERRED: that one when nobody listens on it, else any
  node -e '
    const listen = (port, next) => {
      const server = require("node:net").createServer();
      server.once("error", next);
      server.listen(port, "0.0.0.0", () => { const { port } = server.address(); server.close(() => console.log(port)); });
    };
    listen(Number(process.argv[1]), () => listen(0, (error) => { throw error; }));' "$1"
}

# Succeeds when the address answers with the status, and prints the answer: fetch_json STATUS URL
fetch_json() {
  node -e '
    const [status, url] = process.argv.slice(1);
    fetch(url, { signal: AbortSignal.timeout(5000) })
      .then(async (answer) => { console.log(await answer.text()); process.exitCode = answer.status === Number(status) ? 0 : 1; })
      .catch((error) => { console.error(String(error.cause ?? error)); process.exitCode = 1; });' "$@"
}

is_another_and_healthy() { # NAME OLD_ID
  local id state health
  read -r id state health < <(engine container "$1") && [ "$id" != "$2" ] && [ "$state" = running ] && [ "$health" = healthy ]
}

says() { # TEXT COMMAND...: the command prints the text
  local text=$1
  shift
  "$@" | grep -qF -- "$text"
}

stop_daemon() {
  local _
  [ -n "$daemon" ] && kill "$daemon" 2>/dev/null || return 0
  for _ in $(seq 100); do kill -0 "$daemon" 2>/dev/null || return 0; sleep 0.1; done
}

# Deletion by their manifests' absence is slow on purpose; --confirm lets it go on at once.
delete_stacks() {
  rm -rf "$work/manifests/demo" "$work/manifests/ai-stack"
  show stackctl delete "${stacks[@]}" --confirm --volumes --timeout 2m
}

nothing_is_left() {
  local stack left
  for stack in "${stacks[@]}"; do
    left=$(engine project "$stack")
    [ -z "$left" ] || { echo "$left" >&2; return 1; }
  done
}

clean_up() {
  local status=$? stack
  trap - EXIT
  [ -n "$work" ] || exit "$status"
  if [ "$status" != 0 ]; then
    printf '\nstart: failed; the end of the daemon'\''s log:\n' >&2
    tail -n 20 "$work/stackctld.log" >&2 || true
  fi
  stop_daemon
  # Only what this run made: it would not have begun if one of these projects had been there.
  for stack in "${stacks[@]}"; do engine remove-project "$stack" || true; done
  rm -rf "$work" "$note"
  exit "$status"
}

if [ -n "$remove" ]; then
  [ -d "$note" ] || { say start "nothing was kept"; exit 0; }
  work=$(cat "$note/work")
  daemon=$(cat "$note/daemon")
  export STACKCTL_SOCKET=$work/stackctl.sock
  # The number may be another process's by now.
  grep -qs stackctld "/proc/$daemon/cmdline" || daemon=
  trap clean_up EXIT
  [ -z "$daemon" ] || delete_stacks
  exit 0
fi

step "Setting up"
bash scripts/setup.sh all
[ ! -d "$note" ] || stop "an earlier run was kept; remove it first: npm start -- --remove"
for stack in "${stacks[@]}"; do
  [ -z "$(engine project "$stack")" ] || stop "the engine has a project $stack already, which this must not touch: $(engine project "$stack" | head -n 1)"
done

step "Starting stackctld on a copy of manifests/demo and manifests/ai-stack"
work=$(mktemp -d "${TMPDIR:-/tmp}/stackctl-start.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT TERM
mkdir "$work/manifests" "$work/edited"
cp -R manifests/demo manifests/ai-stack "$work/manifests/"
port=$(free_port 8080)
printf 'AI_STACK_PORT=%s\nGRAFANA_PORT=%s\n' "$port" "$(free_port 3001)" >"$work/manifests/ai-stack/.env"
host=127.0.0.1
case ${DOCKER_HOST:-} in tcp://*) host=${DOCKER_HOST#tcp://} host=${host%%[:/]*} ;; esac
export STACKCTL_SOCKET=$work/stackctl.sock
printf '$ stackctld --manifests manifests --state-dir state --socket stackctl.sock --instance start\n'
setsid node dist/bin/stackctld.js --manifests "$work/manifests" --state-dir "$work/state" --socket "$STACKCTL_SOCKET" \
  --instance start >"$work/stackctld.log" 2>&1 </dev/null &
daemon=$!
until_true 60 "the daemon answers" stackctl get stacks

step "It makes the engine match the manifests"
until_true 60 "the daemon has read both manifests" stackctl get stack/demo stack/ai-stack
show stackctl wait --for=condition=Ready stack/demo stack/ai-stack --timeout 5m
show stackctl get stacks
show stackctl get services
claim "both stacks are Ready"
show fetch_json 200 "http://$host:$port/health"
claim "the gateway answers through nginx's published port"
show fetch_json 200 "http://$host:$port/deps"
claim "the gateway reaches litellm, redis and postgres by name"
engine exec ai-stack-gateway-1 curl -sS -m 5 -o /dev/null http://litellm:4000/health || stop "the gateway does not reach litellm"
if engine exec ai-stack-nginx-1 curl -sS -m 5 http://redis:6379; then stop "nginx reaches redis"; fi
claim "nginx cannot even find redis: they share no network"

step "It heals: somebody removes redis"
read -r old _ < <(engine container ai-stack-redis-1)
show engine remove-container ai-stack-redis-1
until_true 60 "redis is back and healthy" is_another_and_healthy ai-stack-redis-1 "$old"
until_true 30 "the gateway reaches redis again" fetch_json 200 "http://$host:$port/deps"
show stackctl wait --for=condition=Ready stack/ai-stack --timeout 1m
claim "a new redis is healthy and the gateway reaches it"

step "It rolls out: a line of the demo's manifest changes"
cp -R "$work/manifests/demo" "$work/edited/"
sed -i 's/GREETING: hello from/GREETING: good morning from/' "$work/edited/demo/compose.yaml"
status=0
show stackctl diff -f "$work/edited/demo" || status=$?
[ "$status" = 1 ] || stop "diff should find a difference (exit 1), not exit $status"
claim "diff shows what would change, and changes nothing"
read -r old _ < <(engine container demo-web-1)
read -r old_db _ < <(engine container demo-db-1)
mv "$work/edited/demo/compose.yaml" "$work/manifests/demo/compose.yaml"
until_true 60 "web was replaced and is healthy" is_another_and_healthy demo-web-1 "$old"
show stackctl wait --for=condition=Ready stack/demo --timeout 1m
until_true 30 "web says good morning" says "good morning from web" engine exec demo-web-1 wget -q -O - http://127.0.0.1:8000/
read -r new_db _ < <(engine container demo-db-1)
[ "$old_db" = "$new_db" ] || stop "db was replaced though its definition did not change"
claim "web runs with the new line, and db was left alone"
show stackctl diff || stop "something still differs"
claim "nothing differs any more"

if [ -n "$keep" ]; then
  mkdir -p "$note"
  echo "$work" >"$note/work"
  echo "$daemon" >"$note/daemon"
  trap - EXIT
  cat <<TEXT

It is left running. To look at it:
  export STACKCTL_SOCKET=$STACKCTL_SOCKET
  node dist/bin/stackctl.js get services
  node dist/bin/stackctl.js events
  http://$host:$port/deps
Its manifests are in $work/manifests: change them and watch. To remove everything:
  npm start -- --remove
TEXT
  exit 0
fi

step "It cleans up: the stacks are deleted with their volumes"
delete_stacks
nothing_is_left || stop "something was left on the engine"
claim "no container, network or volume of the two stacks is left"
stop_daemon
printf '\nstart: every claim held, in %s s\n' "$SECONDS"
