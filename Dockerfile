# stackctl itself. COPY only, so it builds on any engine, with the classic builder too, and without a network.
# The context is build/image, which `npm run image` lays out: dist, production node_modules, package.json.
#
# deploy/compose.yaml runs it.
#
# Manifests are mounted at the path they have on the host: bind mounts in them mean the host's paths.
ARG BASE=node:22-slim
FROM ${BASE}
COPY . /opt/stackctl
ENV NODE_ENV=production \
    STACKCTL_SOCKET=/run/stackctl/stackctl.sock
VOLUME /var/lib/stackctl
HEALTHCHECK --interval=10s --timeout=5s --retries=3 CMD ["node", "/opt/stackctl/dist/bin/stackctl.js", "get", "stacks"]
ENTRYPOINT ["node", "/opt/stackctl/dist/bin/stackctld.js"]
CMD ["--state-dir", "/var/lib/stackctl", "--socket", "/run/stackctl/stackctl.sock"]
