import { nearestName } from '../compose/spelling.ts';
import type { EngineInfo } from '../model/observed.ts';
import { ownValue } from '../model/own-value.ts';
import { dockerRelease, isAtLeast } from './api-version.ts';
import type { Report } from './report.ts';

import { goBoolean, wholeNumber } from './units.ts';

interface DriverOption {
  /** What a value must be; a text without this. */
  readonly kind?: 'boolean' | 'number' | readonly string[];
  /** First Engine API version that honours it; older ones store it without effect. */
  readonly minApi?: string;
  /** Values that came later than the option: value -> first version. */
  readonly laterValues?: Readonly<Record<string, string>>;
}

const GATEWAY_MODE: DriverOption = {
  kind: ['nat', 'nat-unprotected', 'routed', 'isolated'],
  minApi: '1.46',
  laterValues: { 'nat-unprotected': '1.48', isolated: '1.48' },
};

/** Options that every driver of libnetwork reads. */
const ANY_DRIVER: Readonly<Record<string, DriverOption>> = {
  'com.docker.network.driver.mtu': { kind: 'number' },
  'com.docker.network.container_iface_prefix': {},
  'com.docker.network.enable_ipv4': { kind: 'boolean', minApi: '1.48' },
  'com.docker.network.enable_ipv6': { kind: 'boolean' },
};

/**
 * What the built-in drivers know (moby's libnetwork, Docker 28). The engine accepts and stores any other key,
 * so that a mistyped one goes unnoticed (measured on 20.10 and 28.5): therefore this list.
 */
const KNOWN_OPTIONS: Readonly<Record<string, Readonly<Record<string, DriverOption>>>> = {
  bridge: {
    ...ANY_DRIVER,
    'com.docker.network.bridge.name': {},
    'com.docker.network.bridge.enable_ip_masquerade': { kind: 'boolean' },
    'com.docker.network.bridge.enable_icc': { kind: 'boolean' },
    'com.docker.network.bridge.host_binding_ipv4': {},
    'com.docker.network.bridge.inhibit_ipv4': { kind: 'boolean' },
    'com.docker.network.bridge.default_bridge': { kind: 'boolean' },
    'com.docker.network.bridge.gateway_mode_ipv4': GATEWAY_MODE,
    'com.docker.network.bridge.gateway_mode_ipv6': GATEWAY_MODE,
    'com.docker.network.bridge.trusted_host_interfaces': { minApi: '1.50' },
    'com.docker.network.host_ipv4': {},
    'com.docker.network.host_ipv6': {},
  },
  macvlan: {
    ...ANY_DRIVER,
    parent: {},
    macvlan_mode: { kind: ['bridge', 'private', 'vepa', 'passthru'] },
  },
  ipvlan: {
    ...ANY_DRIVER,
    parent: {},
    ipvlan_mode: { kind: ['l2', 'l3', 'l3s'] },
    ipvlan_flag: { kind: ['bridge', 'private', 'vepa'] },
  },
};

/** Options of a network's driver. A driver that is not built in knows its own, so they are not looked at. */
export function checkDriverOptions(
  driver: string,
  options: Readonly<Record<string, string>>,
  { path, engine, report }: { readonly path: string; readonly engine: EngineInfo; readonly report: Report },
): void {
  const known = ownValue(KNOWN_OPTIONS, driver);
  if (known === undefined) return;
  for (const [key, value] of Object.entries(options)) {
    const option = ownValue(known, key);
    const field = `${path}.${key}`;
    if (option === undefined) {
      reportUnknown(report, field, { driver, key, known: Object.keys(known) });
      continue;
    }
    checkValue(report, field, { key, value, option });
    const minApi = ownValue(option.laterValues, value) ?? option.minApi;
    if (minApi !== undefined && !isAtLeast(engine.apiVersion, minApi)) {
      report.error(field, {
        code: 'UnsupportedByEngine',
        message: `${key}: ${value} needs Engine API ${minApi}, and this engine speaks ${engine.apiVersion}`,
        hint: `upgrade the engine to ${dockerRelease(minApi) ?? 'a newer release'}, or take the option out`,
      });
    }
  }
}

interface UnknownKey {
  readonly driver: string;
  readonly key: string;
  readonly known: readonly string[];
}

/** An error where something was meant that does not happen; a warning for what is plainly somebody's own note. */
function reportUnknown(report: Report, path: string, { driver, key, known }: UnknownKey): void {
  const near = nearestName(key, known);
  const fault = {
    code: 'UnknownDriverOption',
    message: `the ${driver} driver has no option ${key}: the engine would store it without any effect`,
    hint: near === undefined ? `it knows ${known.join(', ')}` : `did you mean ${near}`,
  };
  if (near !== undefined || key.startsWith('com.docker.network.')) report.error(path, fault);
  else report.warn(path, fault);
}

interface GivenOption {
  readonly key: string;
  readonly value: string;
  readonly option: DriverOption;
}

function checkValue(report: Report, path: string, { key, value, option }: GivenOption): void {
  const { kind } = option;
  if (kind === undefined) return;
  const isFine =
    kind === 'boolean'
      ? goBoolean(value) !== undefined
      : kind === 'number'
        ? (wholeNumber(value) ?? -1) >= 0
        : kind.includes(value);
  if (isFine) return;
  const wanted = kind === 'boolean' ? 'true or false' : kind === 'number' ? 'a number' : kind.join(', ');
  report.error(path, {
    code: 'InvalidDriverOption',
    message: `${key} cannot be ${JSON.stringify(value)}`,
    hint: `use ${wanted}`,
  });
}
