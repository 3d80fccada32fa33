/** A Compose file with one service, `web`, that works at once. `more`: further lines of it, and of the file. */
export const plain = (name: string, more = '') => `
name: ${name}
services:
  web:
    image: stackctl.local/busybox:1
    restart: unless-stopped
${more}`;
/** It works a second after its start. */
export const slow = (name: string) =>
  plain(
    name,
    `    command: [sh, -c, "sleep 1; touch /tmp/works; exec pause"]
    healthcheck: {test: [CMD, test, -e, /tmp/works], interval: 1s, timeout: 1s, retries: 60}`,
  );
