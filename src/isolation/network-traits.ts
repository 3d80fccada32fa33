import { isAtLeast } from '../desired/api-version.ts';
import { goBoolean } from '../desired/units.ts';
import { ownValue } from '../model/own-value.ts';
import type { GatewayMode, NetworkNode } from './topology.ts';

const BRIDGE = 'com.docker.network.bridge.';

/** First Engine API version that honours a gateway mode; older ones store it without effect (measured on 20.10). */
const MODES: Readonly<Record<GatewayMode, string>> = {
  nat: '1.0',
  routed: '1.46',
  'nat-unprotected': '1.48',
  isolated: '1.48',
};

/** First API version whose engines have ip6tables on by default (27.0); before, no bridge filters IPv6 (measured on 20.10). */
const FILTERS_IPV6 = '1.46';

/** Whether the engine filters what comes to a bridge in IPv6. */
export const filtersIPv6 = (apiVersion: string): boolean => isAtLeast(apiVersion, FILTERS_IPV6);

type Traits = 'icc' | 'icc6' | 'masquerade' | 'gatewayMode4' | 'gatewayMode6' | 'inhibitIPv4' | 'mode';

/** What a driver's options mean for who can talk to whom, on an engine of this API version. */
export function traitsOf(
  driver: string,
  options: Readonly<Record<string, string>>,
  apiVersion: string,
): Pick<NetworkNode, Traits> {
  const isOn = (option: string, byDefault: boolean): boolean =>
    goBoolean(ownValue(options, `${BRIDGE}${option}`) ?? '') ?? byDefault;
  const gatewayMode = (family: 'ipv4' | 'ipv6'): GatewayMode => {
    const asked = ownValue(options, `${BRIDGE}gateway_mode_${family}`) ?? 'nat';
    return isMode(asked) && isAtLeast(apiVersion, MODES[asked]) ? asked : 'nat';
  };
  return {
    icc: isOn('enable_icc', true),
    icc6: isOn('enable_icc', true) || !filtersIPv6(apiVersion),
    masquerade: isOn('enable_ip_masquerade', true),
    gatewayMode4: gatewayMode('ipv4'),
    gatewayMode6: gatewayMode('ipv6'),
    inhibitIPv4: isOn('inhibit_ipv4', false),
    mode: lanMode(driver, options),
  };
}

const isMode = (text: string): text is GatewayMode => Object.hasOwn(MODES, text);

function lanMode(driver: string, options: Readonly<Record<string, string>>): string {
  if (driver === 'macvlan') return ownValue(options, 'macvlan_mode') ?? 'bridge';
  if (driver === 'ipvlan') return ownValue(options, 'ipvlan_mode') ?? 'l2';
  return '';
}
