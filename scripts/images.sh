#!/usr/bin/env bash
# Builds the images of the examples and tests on the engine that DOCKER_HOST names (else /var/run/docker.sock), from Debian
# packages and the files in scripts/images: no image registry, and no network inside a build.
#   scripts/images.sh          all of them: stackctl.local/{busybox,debian-ai,nginx,redis,postgres,python,litellm-stand-in}:1
#   scripts/images.sh small    only busybox, in seconds
#   scripts/images.sh --force [small]   also what is there already (to take in Debian's updates)
# An image whose content label matches its sources is skipped. Root file systems are kept in build/images.
set -euo pipefail
source "$(dirname "$0")/say.sh"
cd "$root/scripts/images"

force=
[ "${1:-}" != --force ] || { force=1; shift; }
which=${1:-all}
case $which in small | all) ;; *) stop "usage: images.sh [--force] [small|all]" ;; esac

cache=$root/build/images
mkdir -p "$cache"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch" "$cache"/*.part' EXIT
present=$(node engine.mjs images) || stop "the engine does not answer; run scripts/engine.sh"

# A hash of words, and of the names, modes and contents of files.
content_of() { # WORDS DIRECTORY...
  {
    echo "$1"
    shift
    find "$@" -type f | LC_ALL=C sort | while read -r file; do stat -c '%a' "$file"; sha256sum "$file"; done
  } | sha256sum | cut -c1-16
}

# Gives a finished root file system its name, and drops those it comes after: keep_only NAME FILE
keep_only() {
  rm -f "$cache/$1"-*.tar
  mv "$2.part" "$2"
}

is_present() { [ -z "$force" ] && grep -qxF "$1 $2" <<<"$present"; }

# busybox: Debian's dynamic busybox and the libraries that look-ups of names need

busybox_program() {
  local program
  program=$(command -v busybox || true)
  # A static busybox crashes when it looks up a name.
  if [ -n "$program" ] && ldd "$program" >/dev/null 2>&1; then
    echo "$program"
    return
  fi
  command -v apt-get >/dev/null || stop "a dynamic busybox is needed in PATH"
  (
    cd "$scratch"
    apt-get download -qq busybox >/dev/null 2>&1 || { apt-get update -qq >/dev/null 2>&1 && apt-get download -qq busybox >/dev/null 2>&1; }
    dpkg-deb -x busybox_*.deb busybox
  ) || stop "could not download busybox; run: sudo apt-get update && sudo apt-get install -y busybox"
  find "$scratch/busybox" -type f -path '*/bin/busybox'
}

busybox_rootfs() { # writes a tar to stdout
  local tree=$scratch/tree program library libraries libc applet
  program=$(busybox_program)
  mkdir -p "$tree"/{bin,etc,dev,proc,sys,run,root,var,srv} && mkdir -m 1777 "$tree/tmp"
  ln -s bin "$tree/sbin" && mkdir "$tree/usr" && ln -s ../bin "$tree/usr/bin" && ln -s ../bin "$tree/usr/sbin"
  install -m 0755 "$program" "$tree/bin/busybox"
  libraries=$(ldd "$program" | grep -oE '/[^ ]+')
  libc=$(grep '/libc\.so' <<<"$libraries")
  # libc opens these by name when it looks up users and hosts, so ldd does not show them.
  for library in $libraries "${libc%/*}"/libnss_files.so.2 "${libc%/*}"/libnss_dns.so.2 "${libc%/*}"/libresolv.so.2; do
    [ ! -e "$library" ] || install -D -m 0755 "$library" "$tree$library"
  done
  for applet in $("$program" --list); do
    [ -e "$tree/bin/$applet" ] || ln -s busybox "$tree/bin/$applet"
  done
  install -m 0755 busybox/bin/* "$tree/bin/"
  printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$tree/etc/passwd"
  printf 'root:x:0:\napp:x:1000:\nnogroup:x:65534:\n' >"$tree/etc/group"
  printf 'passwd: files\ngroup: files\nhosts: files dns\n' >"$tree/etc/nsswitch.conf"
  tar -C "$tree" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - .
}

import_busybox() {
  local tag=stackctl.local/busybox:1 content
  content=$(content_of busybox-1 busybox)
  is_present "$tag" "$content" && { say image "$tag is there"; return; }
  local file=$cache/busybox-$content.tar
  if [ -n "$force" ] || [ ! -s "$file" ]; then
    busybox_rootfs >"$file.part"
    keep_only busybox "$file"
  fi
  node engine.mjs import "$tag" "$content" 'ENV PATH=/bin' 'CMD ["pause"]' <"$file"
  say image "$tag built in $((SECONDS - started)) s"
}

# debian-ai: one root file system with the real programs, from Debian's packages

# The sources of this machine that belong to the release itself, in the form mmdebstrap takes.
debian_sources() { # CODENAME
  local file
  for file in /etc/apt/sources.list.d/*.sources; do
    [ ! -r "$file" ] || ! grep -Eq "^Suites:.*\b$1" "$file" || ! grep -Eq '^Components:.*\bmain\b' "$file" || echo "$file"
  done
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | grep -E "^deb .*[[:space:]]$1[^[:space:]]*[[:space:]].*\bmain\b" >"$scratch/host.list" || true
  [ ! -s "$scratch/host.list" ] || echo "$scratch/host.list"
}

make_debian_rootfs() { # FILE
  local codename packages line sources options=()
  if ! command -v mmdebstrap >/dev/null; then
    on_debian || stop "the images with nginx, redis and postgres are made with mmdebstrap, which Debian and Ubuntu have"
    [ "$(id -u)" = 0 ] || stop "mmdebstrap is missing; run: sudo apt-get update && sudo apt-get install -y mmdebstrap uidmap"
    install_packages mmdebstrap || stop "apt-get could not install mmdebstrap"
  fi
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  packages=$(paste -sd, debian-ai/packages)
  while read -r line; do options+=(--dpkgopt="path-exclude=$line"); done <debian-ai/leave-out
  mapfile -t sources < <(debian_sources "$codename")
  say image "stackctl.local/debian-ai:1 takes about a minute: $(paste -sd' ' debian-ai/packages)"
  # Without cleanup/run, what the last hook makes in /run stays.
  mmdebstrap --quiet --skip=cleanup/run --variant=essential --format=tar --include="$packages" \
    --aptopt='APT::Install-Recommends "false"' --dpkgopt=force-unsafe-io "${options[@]}" \
    --essential-hook="$PWD/debian-ai/before-packages.sh" --customize-hook="$PWD/debian-ai/after-packages.sh" \
    "$codename" "$1.part" "${sources[@]}" >"$scratch/mmdebstrap.log" 2>&1 ||
    { grep -vE "^(Selecting|Preparing|Unpacking|Setting up)" "$scratch/mmdebstrap.log" | tail -n 15 >&2; stop "mmdebstrap failed"; }
  keep_only debian-ai "$1"
}

import_debian() { # CONTENT
  local tag=stackctl.local/debian-ai:1 file=$cache/debian-ai-$1.tar
  is_present "$tag" "$1" && { say image "$tag is there"; return; }
  if [ -n "$force" ] || [ ! -s "$file" ]; then make_debian_rootfs "$file"; fi
  node engine.mjs import "$tag" "$1" 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' 'CMD ["bash"]' <"$file"
  say image "$tag built in $((SECONDS - started)) s"
}

# the others: a Dockerfile each, COPY and settings only

build_image() { # NAME BASE_CONTENT
  local tag=stackctl.local/$1:1 content
  content=$(content_of "$2" "$1")
  is_present "$tag" "$content" && { say image "$tag is there"; return; }
  tar -C "$1" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf - . | node engine.mjs build "$tag" "$content"
  say image "$tag built in $((SECONDS - started)) s"
}

started=$SECONDS
import_busybox
[ "$which" = all ] || exit 0
base=$(content_of "$(. /etc/os-release && echo "${VERSION_CODENAME:-}")" debian-ai)
started=$SECONDS
import_debian "$base"
for name in nginx redis postgres python litellm-stand-in; do
  started=$SECONDS
  build_image "$name" "$base"
done
