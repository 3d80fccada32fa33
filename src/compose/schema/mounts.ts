import { z } from 'zod';
import { flag, listOf, number, optional, pairs, section, text, whole } from './forms.ts';

const bindOptions = section(
  optional({
    propagation: text('How mounts below this one are shared with the host: rprivate, rshared, rslave ...'),
    create_host_path: flag('Makes the directory on the host when it is missing.'),
    recursive: z.enum(['enabled', 'disabled', 'writable', 'readonly']).meta({
      description: 'Whether mounts below the source come along, and whether they are read-only too.',
    }),
    selinux: z.enum(['z', 'Z']).meta({ description: 'SELinux label: z shared, Z private.' }),
  }),
).meta({ description: 'Only for type bind.' });

const volumeOptions = section(
  optional({
    nocopy: flag("Leaves the volume empty instead of filling it with the image's files."),
    subpath: text('Mounts only this directory of the volume (Engine 26 and newer).'),
    labels: pairs('Labels of the volume when it is made for this mount.'),
  }),
).meta({ description: 'Only for type volume.' });

const tmpfsOptions = section(
  optional({
    size: whole('The largest size, in bytes or as 64m.', { min: 0 }),
    mode: number('Permissions of its root, in octal: 0o1777.'),
  }),
).meta({ description: 'Only for type tmpfs.' });

const longMount = section({
  type: z.enum(['bind', 'volume', 'tmpfs', 'image', 'npipe', 'cluster']).meta({
    description: 'What is mounted.',
  }),
  ...optional({
    source: text('A path of the host, the name of a volume, or an image; absent: an anonymous volume.'),
    target: text('Where it appears in the container.'),
    read_only: flag('Forbids the container to write.'),
    consistency: text('Ignored on Linux.'),
    bind: bindOptions,
    volume: volumeOptions,
    tmpfs: tmpfsOptions,
    image: section(optional({ subpath: text('Mounts only this directory of the image.') })).meta({
      description: 'Only for type image.',
    }),
  }),
});

/** Compose specification, "volumes" of a service. */
export const mountsSchema = listOf(
  z.union([z.string(), longMount], {
    error: 'a string such as "data:/var/lib/data:ro", or a map with type, source and target',
  }),
  'mounts',
).meta({
  description:
    'What is mounted into the container: "SOURCE:TARGET[:ro]", or a map. A source with a slash is a path.',
});
