#!/usr/bin/env bash
# Makes sure that a Docker Engine answers: the one DOCKER_HOST names, else /var/run/docker.sock.
# An engine that answers is used as it is: never restarted, never reconfigured. Where none answers, root on Debian or Ubuntu
# gets the distribution's own; anybody else gets the lines to run.
set -euo pipefail
source "$(dirname "$0")/say.sh"

log=/var/log/dockerd.log
ping() { node "$root/scripts/images/engine.mjs" ping 2>/dev/null; }

wait_for_engine() { # SECONDS
  local deadline=$((SECONDS + $1)) version
  until version=$(ping); do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.5
  done
  say engine "$version"
}

if version=$(ping); then
  say engine "$version answers at ${DOCKER_HOST:-/var/run/docker.sock}"
  exit 0
fi
[ -z "${DOCKER_HOST:-}" ] || stop "nothing answers at DOCKER_HOST=$DOCKER_HOST; start that engine, or unset DOCKER_HOST to use this machine's own"
on_debian || stop "no engine answers at /var/run/docker.sock; install Docker Engine 20.10 or newer (https://docs.docker.com/engine/install/)"
if [ "$(id -u)" != 0 ]; then
  if [ -S /var/run/docker.sock ] && [ ! -w /var/run/docker.sock ]; then
    stop "$(id -un) may not use /var/run/docker.sock; run: sudo usermod -aG docker $(id -un), and log in again"
  fi
  echo "engine: no engine answers. Run these two lines, then this command again:" >&2
  echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends docker.io iptables busybox mmdebstrap uidmap" >&2
  echo "  sudo usermod -aG docker $(id -un) && newgrp docker" >&2
  exit 1
fi

if ! command -v dockerd >/dev/null; then
  say engine "installing docker.io from this distribution"
  install_packages docker.io iptables || stop "apt-get could not install docker.io"
fi
if [ -d /run/systemd/system ]; then
  systemctl start docker || stop "systemd could not start docker; see: journalctl -u docker"
elif ! wait_for_engine 3 >/dev/null; then # installing may have started it already
  say engine "starting dockerd, its log is $log"
  command -v iptables >/dev/null || install_packages iptables
  setsid dockerd >>"$log" 2>&1 </dev/null &
  dockerd=$!
  sleep 2
  kill -0 "$dockerd" 2>/dev/null || { tail -n 8 "$log" >&2; stop "dockerd ended at once; see $log"; }
fi
wait_for_engine 60 || { tail -n 8 "$log" >&2 || true; stop "the engine did not answer in 60 s; see $log"; }
