#!/bin/sh
# Runs in the new root file system ($1) before the packages: the database is made by the image's entrypoint, not by Debian.
set -eu
mkdir -p "$1/etc/postgresql-common"
echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"
