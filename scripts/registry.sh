#!/usr/bin/env bash
# Makes an image registry available to the tests of pulls: Debian's docker-registry, unpacked into build/registry.
# It is not installed, because that starts a service on port 5000. Safe to repeat. Where it cannot be had, this says so
# and succeeds: those tests are then skipped.
set -euo pipefail
source "$(dirname "$0")/say.sh"

into=$root/build/registry
program=$into/usr/bin/docker-registry

absent() {
  say registry "$*; the tests of pulls will be skipped"
  exit 0
}

if command -v docker-registry >/dev/null; then
  say registry "docker-registry is installed"
  exit 0
fi
if "$program" --version >/dev/null 2>&1; then
  say registry "docker-registry is unpacked"
  exit 0
fi
on_debian || absent "this is not Debian or Ubuntu"
say registry "unpacking docker-registry from this distribution"
rm -rf "$into"
mkdir -p "$into"
fetch() { (cd "$into" && apt-get download -qq docker-registry >/dev/null 2>&1); }
if ! fetch; then
  apt-get update -qq >/dev/null 2>&1 || true
  fetch || absent "apt-get could not download docker-registry"
fi
dpkg-deb -x "$into"/docker-registry_*.deb "$into"
rm "$into"/docker-registry_*.deb
"$program" --version >/dev/null 2>&1 || absent "docker-registry of this distribution does not run"
