import { z } from 'zod';
import { listOf, optional, section, text, whole } from './forms.ts';

const longPort = section(
  optional({
    name: text('A name for people; nothing depends on it.'),
    target: whole('The port inside the container.'),
    published: whole(
      'The port of the host, or a range such as 8000-8010 to choose from; any free port when absent.',
    ),
    host_ip: text('The address of the host to listen on; all of them when absent.'),
    protocol: text('tcp (default), udp or sctp.'),
    app_protocol: text('What is spoken over the port, for people: http, postgres.'),
    mode: text('host or ingress; they differ in Swarm only.'),
  }),
);

/** Compose specification, "ports". */
export const portsSchema = listOf(
  z.union([z.number(), z.string(), longPort], {
    error: 'a port such as "8080:80", or a map with target and published',
  }),
  'ports',
).meta({
  description:
    'Ports of the container that the host listens on: "80", "8080:80", "127.0.0.1:8080:80/tcp", or a map.',
});
