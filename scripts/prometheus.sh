#!/usr/bin/env bash
# Makes Prometheus available to the test of the metrics: Debian's package, unpacked into build/prometheus.
# It is not installed, because that starts a service. Safe to repeat. Where it cannot be had, this says so and succeeds:
# that test is then skipped.
set -euo pipefail
source "$(dirname "$0")/say.sh"

into=$root/build/prometheus
program=$into/usr/bin/prometheus

absent() {
  say prometheus "$*; the test of the metrics will be skipped"
  exit 0
}

if command -v prometheus >/dev/null; then
  say prometheus "prometheus is installed"
  exit 0
fi
if "$program" --version >/dev/null 2>&1; then
  say prometheus "prometheus is unpacked"
  exit 0
fi
on_debian || absent "this is not Debian or Ubuntu"
say prometheus "unpacking prometheus from this distribution"
rm -rf "$into"
mkdir -p "$into"
fetch() { (cd "$into" && apt-get download -qq prometheus >/dev/null 2>&1); }
if ! fetch; then
  apt-get update -qq >/dev/null 2>&1 || true
  fetch || absent "apt-get could not download prometheus"
fi
dpkg-deb -x "$into"/prometheus_*.deb "$into"
rm "$into"/prometheus_*.deb
"$program" --version >/dev/null 2>&1 || absent "prometheus of this distribution does not run"
