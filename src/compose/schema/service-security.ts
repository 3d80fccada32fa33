import { z } from 'zod';
import {
  distinctTexts,
  distinctTextsOrNumbers,
  flag,
  listOf,
  optional,
  pairs,
  section,
  text,
  texts,
} from './forms.ts';

const device = section({
  source: text('The device of the host.'),
  ...optional({
    target: text('Where it appears in the container.'),
    permissions: text('r, w and m.'),
  }),
});

/** What of a service concerns its rights and how far it is kept apart from the host. */
export const securityFields = {
  privileged: flag('Gives the container all rights on the host.'),
  read_only: flag("Makes the container's root file system read-only."),
  cap_add: texts('Capabilities to add.'),
  cap_drop: texts('Capabilities to take away; ALL takes every one.'),
  security_opt: distinctTexts('Options such as no-new-privileges:true or seccomp=FILE.'),
  group_add: distinctTextsOrNumbers('Further groups of the process.'),
  devices: listOf(z.union([z.string(), device], { error: 'a string, or a map with source' }), 'devices').meta(
    {
      description: 'Devices of the host the container may use: HOST[:CONTAINER[:rwm]] or a CDI name.',
    },
  ),
  device_cgroup_rules: distinctTexts('Rules for devices in the form of the kernel: c 1:3 mr.'),
  sysctls: pairs('Kernel parameters of the container.'),
  ipc: text('Shares memory segments: shareable, host, service:NAME or container:NAME.'),
  pid: z
    .union([z.string(), z.null()])
    .meta({ description: 'Sees the processes of: host, service:NAME or container:NAME.' }),
  uts: text('host: uses the host name of the host.'),
  userns_mode: text('host: turns off the mapping of users.'),
  cgroup: z.enum(['host', 'private']).meta({ description: 'The cgroup namespace.' }),
  cgroup_parent: text('The parent cgroup of the container.'),
  isolation: text('Windows only.'),
  runtime: text('The OCI runtime: runc, runsc ...'),
  credential_spec: section(
    optional({
      config: text('The config that holds it.'),
      file: text('The file that holds it.'),
      registry: text('The registry value that holds it.'),
    }),
  ).meta({ description: 'Windows only.' }),
  use_api_socket: z
    .boolean()
    .meta({ description: "Gives the container the engine's socket: the same as all rights on the host." }),
};
