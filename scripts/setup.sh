#!/usr/bin/env bash
# Makes a fresh machine ready: dependencies, the build, an engine, the local images, a registry for the tests. Safe to repeat; what is done is skipped.
#   scripts/setup.sh [small|all]   which images to build (default all)
# STACKCTL_SKIP_ENGINE=1 leaves out the engine, the images and the registry (for a machine that can have none).
set -euo pipefail
source "$(dirname "$0")/say.sh"
cd "$root"

command -v node >/dev/null || stop "Node 20.19 or newer is needed and there is no node in PATH (https://nodejs.org/en/download)"
node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
  stop "Node 20.19 or newer is needed; this is $(node --version) (https://nodejs.org/en/download)"
say node "$(node --version)"

if [ node_modules/.package-lock.json -nt package-lock.json ]; then
  say npm "dependencies are installed"
else
  say npm "installing dependencies"
  npm ci --silent || stop "npm ci failed; run it by hand to see more"
  touch node_modules/.package-lock.json
fi

if [ -f dist/bin/stackctld.js ] && [ -z "$(find src scripts/build.ts package.json -newer dist/bin/stackctld.js -print -quit)" ]; then
  say build "dist is newer than src"
else
  say build "bundling src into dist"
  npm run --silent build
fi

if [ "${STACKCTL_SKIP_ENGINE:-}" = 1 ]; then
  say engine "left out (STACKCTL_SKIP_ENGINE=1); no images either"
  exit 0
fi
bash scripts/engine.sh
bash scripts/images.sh "${1:-all}"
bash scripts/registry.sh
bash scripts/prometheus.sh
