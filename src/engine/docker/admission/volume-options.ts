import type { CallAdmission } from '../../../model/admission.ts';
import { judgePlace, type RealPlace } from './places.ts';
import { baseline, type Refusal, restricted } from './refusal.ts';

type Options = Readonly<Record<string, string>>;

const PLAIN_FLAGS: ReadonlySet<string> = new Set([
  ...['ro', 'rw', 'nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime', 'sync', 'async'],
]);
const TMPFS_VALUES: ReadonlySet<string> = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks']);

/** What is wrong with a volume of this driver and these options. The engine mounts by them itself. */
export async function volumeRefusals(
  driver: string,
  options: Options,
  admission: CallAdmission,
  look: RealPlace,
): Promise<readonly Refusal[]> {
  if (driver !== '' && driver !== 'local') return [baseline('volume-driver', `the volume driver ${driver}`)];
  const given = Object.entries(options).filter(([, value]) => value !== '');
  const odd = given.find(([name]) => name !== 'type' && name !== 'o' && name !== 'device' && name !== 'size');
  if (odd !== undefined) return [baseline('volume-device', `the volume option ${odd[0]}`)];
  if (given.every(([name]) => name === 'size')) return [];
  const flags = (options['o'] ?? '').split(',').map((flag) => flag.trim());
  const isBind = flags.includes('bind') || flags.includes('rbind');
  if (!isBind) return isPlainTmpfs(options, flags) ? [] : [foreignDevice(options)];
  if (!flags.every((flag) => flag === '' || flag === 'bind' || flag === 'rbind' || PLAIN_FLAGS.has(flag))) {
    return [foreignDevice(options)];
  }
  const device = options['device'] ?? '';
  const isOwn = device.startsWith('/') && (await judgePlace(device, admission, look)) === 'own';
  if (!isOwn) return [foreignDevice(options)];
  return [restricted('host-path-read-only', `the volume is the directory ${device} of the host`)];
}

function isPlainTmpfs(options: Options, flags: readonly string[]): boolean {
  if (options['type'] !== 'tmpfs') return false;
  return flags.every((flag) => {
    const [name = '', value] = flag.split('=');
    return flag === '' || (value === undefined ? PLAIN_FLAGS.has(flag) : TMPFS_VALUES.has(name));
  });
}

const foreignDevice = ({ device = '', type = '' }: Options): Refusal =>
  baseline('volume-device', `the volume mounts ${device === '' ? `a ${type}` : device}`);
