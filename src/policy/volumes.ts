import type { ComposeVolume } from '../compose/model.ts';
import { placeOf } from './host-places.ts';
import type { Finding, PolicyInput, Rule } from './rule.ts';

const OUTSIDE_HINT =
  'take driver_opts away; a volume that somebody made by hand can be used with external: true';

const volumeDevice: Rule = {
  id: 'volume-device',
  level: 'baseline',
  check: (input) =>
    Object.entries(input.project.volumes).flatMap(([key, volume]) => {
      const message = volume.external === true ? undefined : mountedBy(volume, input);
      if (message === undefined) return [];
      return [{ path: `volumes.${key}.driver_opts`, message, hint: OUTSIDE_HINT }];
    }),
};

/** Options of a mount that change nothing about what is mounted. */
const HARMLESS = /^(ro|rw|nosuid|nodev|noexec|noatime|nodiratime|relatime|sync|async)$/;
const OF_TMPFS = /^(size|mode|uid|gid|nr_inodes|nr_blocks)=[\w%]+$/;
const BIND = /^r?bind$/;

/** What is wrong with the options of a volume: the engine mounts by them, as root and with the host’s eyes. */
function mountedBy({ driver_opts: options = {} }: ComposeVolume, input: PolicyInput): string | undefined {
  const keys = Object.keys(options).filter((key) => (options[key] ?? '') !== '');
  const unknown = keys.find((key) => !['type', 'o', 'device', 'size'].includes(key));
  if (unknown !== undefined) return `the option ${unknown} is not one that this level knows`;
  const { type = '', o = '', device = '' } = options;
  if (type === '' && o === '' && device === '') return undefined;
  const words = o
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (type === 'tmpfs' && words.every((word) => HARMLESS.test(word) || OF_TMPFS.test(word))) return undefined;
  const isBind = words.some((word) => BIND.test(word));
  if (!isBind) return `it mounts ${device === '' ? 'a device' : device}, of type ${type || 'none'}`;
  const odd = words.find((word) => !BIND.test(word) && !HARMLESS.test(word));
  if (odd !== undefined) return `the mount option ${odd} is not one that this level knows`;
  const place = placeOf(device, input);
  if (place.kind === 'own') return undefined;
  return place.kind === 'socket'
    ? `it hands out ${place.socket}, and with it the host`
    : `it mounts ${device}: ${place.why}`;
}

const volumeDriver: Rule = {
  id: 'volume-driver',
  level: 'baseline',
  check: ({ project }) =>
    Object.entries(project.volumes).flatMap(([key, { driver = '', external }]): readonly Finding[] =>
      external === true || driver === '' || driver === 'local'
        ? []
        : [
            {
              path: `volumes.${key}.driver`,
              message: `the driver ${driver} may mount what it likes`,
              hint: 'make the volume by hand and use it with external: true',
            },
          ],
    ),
};

/** What named volumes are made of. */
export const volumeRules: readonly Rule[] = [volumeDevice, volumeDriver];
