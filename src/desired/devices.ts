import type { ComposeDeviceRequest, ComposeThrottle } from '../compose/model.ts';
import { parseBytes } from '../compose/units.ts';
import type { DeviceRequest, HostConfig, ThrottleDevice } from '../model/container.ts';
import type { ServiceContext } from './context.ts';
import { definedOnly, nonEmptyList, nonEmptyMap, nonEmptyText, sortedBy, sortedSet } from './defined.ts';
import { canonicalJson } from './hash.ts';

type DeviceConfig = Pick<
  HostConfig,
  | 'Devices'
  | 'DeviceRequests'
  | 'DeviceCgroupRules'
  | 'BlkioWeightDevice'
  | 'BlkioDeviceReadBps'
  | 'BlkioDeviceReadIOps'
  | 'BlkioDeviceWriteBps'
  | 'BlkioDeviceWriteIOps'
>;

/** `vendor.com/class=name`: a device of the Container Device Interface and no path. */
export function isCdiDevice(source: string): boolean {
  return /^[^/=]+\/[^/=]+=.+$/.test(source);
}

/** Devices of the host, accelerators, and limits on block devices. */
export function deviceConfig(context: ServiceContext): DeviceConfig {
  const { service } = context;
  const devices = service.devices ?? [];
  const paths = devices
    .filter(({ source }) => !isCdiDevice(source))
    .map(({ source, target, permissions }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: permissions ?? 'rwm',
    }));
  const cdiNames = devices.map(({ source }) => source).filter(isCdiDevice);
  const requests = [
    ...(cdiNames.length > 0 ? [{ Driver: 'cdi', DeviceIDs: sortedSet(cdiNames) }] : []),
    ...(service.gpus ?? []).map((request) => deviceRequest(request, ['gpu'])),
    ...(service.deploy?.resources?.reservations?.devices ?? []).map((request) => deviceRequest(request, [])),
  ];
  const blkio = service.blkio_config;
  return definedOnly<DeviceConfig>({
    Devices: nonEmptyList(sortedBy(paths, ({ PathInContainer }) => PathInContainer)),
    DeviceRequests: nonEmptyList(sortedBy(requests, canonicalJson)),
    DeviceCgroupRules: nonEmptyList(sortedSet(service.device_cgroup_rules ?? [])),
    BlkioWeightDevice: nonEmptyList(
      sortedBy(
        (blkio?.weight_device ?? []).map(({ path, weight }) => ({ Path: path, Weight: weight })),
        ({ Path }) => Path,
      ),
    ),
    BlkioDeviceReadBps: throttles(context, 'device_read_bps'),
    BlkioDeviceReadIOps: throttles(context, 'device_read_iops'),
    BlkioDeviceWriteBps: throttles(context, 'device_write_bps'),
    BlkioDeviceWriteIOps: throttles(context, 'device_write_iops'),
  });
}

/**
 * No number is none at all, as for the engine: what says neither a number nor ids has `all` when it is loaded (Compose
 * specification, `gpus`), and 0 is left out of the model.
 */
function deviceRequest(request: ComposeDeviceRequest, implied: readonly string[]): DeviceRequest {
  const ids = nonEmptyList(sortedSet(request.device_ids ?? []));
  return definedOnly<DeviceRequest>({
    Driver: nonEmptyText(request.driver),
    Count: request.count,
    DeviceIDs: ids,
    Capabilities: [sortedSet([...(request.capabilities ?? []), ...implied])],
    Options: nonEmptyMap(request.options),
  });
}

type ThrottleField = 'device_read_bps' | 'device_read_iops' | 'device_write_bps' | 'device_write_iops';

function throttles(context: ServiceContext, field: ThrottleField): readonly ThrottleDevice[] | undefined {
  const given = context.service.blkio_config?.[field] ?? [];
  const devices = given.flatMap((throttle, index) => throttleDevice(context, field, throttle, index));
  return nonEmptyList(sortedBy(devices, ({ Path }) => Path));
}

function throttleDevice(
  context: ServiceContext,
  field: ThrottleField,
  { path, rate }: ComposeThrottle,
  index: number,
): readonly ThrottleDevice[] {
  const size = parseBytes(String(rate));
  if (size !== undefined) return [{ Path: path, Rate: size }];
  context.report.error(`${context.path}.blkio_config.${field}[${index}].rate`, {
    code: 'InvalidValue',
    message: `${rate} is not a rate`,
    hint: 'write bytes or operations a second: 12mb, 120',
  });
  return [];
}
