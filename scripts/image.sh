#!/usr/bin/env bash
# Builds stackctl's own image from the Dockerfile at the top.
#   scripts/image.sh [TAG]   default stackctl:local
# BASE names the image to build on. Without it: node:22-slim when the engine has it, else stackctl-base:local, made in
# seconds from this machine's node and its libraries; no registry is asked.
set -euo pipefail
source "$(dirname "$0")/say.sh"
cd "$root"

tag=${1:-stackctl:local}
context=$root/build/image
engine() { node scripts/images/engine.mjs "$@"; }
engine ping >/dev/null || stop "the engine does not answer; run scripts/engine.sh"
[ -f dist/bin/stackctld.js ] || npm run --silent build

lay_out_context() {
  rm -rf "$context"
  mkdir -p "$context"
  cp -R dist package.json package-lock.json crds-like-schemas "$context/"
  cp Dockerfile "$context/Dockerfile"
  # The installed packages without those for development; npm decides which, and downloads nothing.
  cp -R node_modules "$context/node_modules"
  (cd "$context" && npm prune --omit=dev --offline --ignore-scripts --no-audit --no-fund --silent)
  printf 'Dockerfile\npackage-lock.json\n' >"$context/.dockerignore"
  say image "laid out $(du -sh "$context" | cut -f1) in build/image"
}

make_base() { # TAG
  local tree node library content
  tree=$(mktemp -d)
  node=$(node -p 'process.execPath')
  mkdir -p "$tree"/{usr/bin,etc,root,run,proc,sys,dev,var/lib} && mkdir -m 1777 "$tree/tmp"
  install -m 0755 "$node" "$tree/usr/bin/node"
  for library in $(ldd "$node" | grep -oE '/[^ ]+'); do install -D -m 0755 "$library" "$tree$library"; done
  # libc opens these by name when it looks up hosts.
  for library in $(ldd "$node" | grep -oE '/[^ ]+/libc\.so\.6' | sed 's#/libc\.so\.6##')/libnss_{files,dns}.so.2; do
    [ ! -e "$library" ] || install -D -m 0755 "$library" "$tree$library"
  done
  [ ! -r /etc/ssl/certs/ca-certificates.crt ] || install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/ca-certificates.crt"
  printf 'root:x:0:0:root:/root:/usr/bin/node\nnode:x:1000:1000:node:/tmp:/usr/bin/node\n' >"$tree/etc/passwd"
  printf 'root:x:0:\nnode:x:1000:\n' >"$tree/etc/group"
  printf 'hosts: files dns\n' >"$tree/etc/nsswitch.conf"
  content=$(node --version)
  tar -C "$tree" --sort=name --owner=0 --group=0 --numeric-owner -cf - . |
    engine import "$1" "$content" 'ENV PATH=/usr/bin' 'CMD ["node"]'
  rm -rf "$tree"
  say image "$1 made from node $content of this machine"
}

base=${BASE:-}
if [ -z "$base" ]; then
  base=node:22-slim
  engine has-image "$base" 2>/dev/null || { base=stackctl-base:local; make_base "$base"; }
fi
lay_out_context
tar -C "$context" --exclude=./package-lock.json --owner=0 --group=0 --numeric-owner -cf - . | engine build "$tag" "$base" "BASE=$base"
say image "$tag built on $base in $SECONDS s"
