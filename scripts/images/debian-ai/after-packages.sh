#!/bin/sh
# Runs in the new root file system ($1) after the packages. The images made from it only COPY, so whatever
# needs root, an owner or a link is done here.
set -eu
root=$1
chroot "$root" useradd --uid 1000 --create-home --shell /bin/sh app

# The log files that programs open by their Debian names lead to the container's log.
ln -sf /dev/stdout "$root/var/log/nginx/access.log"
ln -sf /dev/stderr "$root/var/log/nginx/error.log"
rm -f "$root/etc/nginx/sites-enabled/default"

rm -rf "$root"/run/*
# Data directories with the owner that a fresh named volume takes over.
chroot "$root" install -d -o redis -g redis -m 0755 /data
chroot "$root" install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data
chroot "$root" install -d -o postgres -g postgres -m 1777 /run/postgresql /docker-entrypoint-initdb.d
chroot "$root" install -d -o app -g app -m 0755 /app

ln -sf python3 "$root/usr/bin/python"
ln -s "$(ls "$root/usr/lib/postgresql")" "$root/usr/lib/postgresql/current"

# Perl served the packages' own scripts only; PostgreSQL's programs are found in its own directory.
rm -rf "$root"/usr/share/perl "$root"/usr/share/perl5 "$root"/usr/lib/*/perl "$root"/usr/lib/*/libperl.so*
rm -rf "$root"/usr/share/i18n "$root"/var/cache/* "$root"/var/lib/apt/* "$root"/var/log/*.log "$root"/var/log/apt
