import { errorAt } from '../compose/report.ts';
import type { Problem } from '../model/problem.ts';
import { isLoopback } from '../model/tcp-address.ts';
import { flagName, SETTINGS, type SettingKey, type Settings } from './table.ts';

/** What is wrong with settings that are right one by one. */
export function checkTogether(settings: Settings): readonly Problem[] {
  const { listen, tokens, tlsCert, tlsKey } = settings;
  const found: Problem[] = [];
  const refuse = (message: string, hint: string): void => {
    found.push(errorAt('Contradiction', message, { hint }));
  };
  if ((settings.webhookListen === undefined) !== (settings.webhookSecret === undefined)) {
    refuse(`${nameOf('webhookListen')} and ${nameOf('webhookSecret')} go together`, 'give both, or neither');
  }
  const { metricsListen: monitoring, listenWithoutTls } = settings;
  if (monitoring !== undefined && !isLoopback(monitoring) && !listenWithoutTls) {
    refuse(
      `${nameOf('metricsListen')} ${monitoring.host}:${monitoring.port}: others could read it, without a token`,
      `listen on 127.0.0.1; ${nameOf('listenWithoutTls')} does it all the same`,
    );
  }
  if (listen === undefined) {
    const idle = ONLY_WITH_LISTEN.filter((key) => isGiven(settings[key])).map(nameOf);
    if (idle.length > 0) refuse(`${idle.join(', ')} without ${nameOf('listen')}`, 'nothing listens on TCP');
    return found;
  }
  if (tokens === undefined) {
    const hint = 'write `read-write TOKEN` into a file of mode 0600, with a TOKEN of `openssl rand -hex 32`';
    refuse(`${nameOf('listen')} without ${nameOf('tokens')}`, hint);
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    refuse(`${nameOf('tlsCert')} and ${nameOf('tlsKey')} go together`, 'give both, or neither');
  }
  if (tlsCert === undefined && !isLoopback(listen) && !listenWithoutTls) {
    refuse(
      `${nameOf('listen')} ${listen.host}:${listen.port} without TLS: others could read the tokens on their way`,
      `give ${nameOf('tlsCert')} and ${nameOf('tlsKey')}, or listen on 127.0.0.1; ${nameOf('listenWithoutTls')} does it all the same`,
    );
  }
  return found;
}

const ONLY_WITH_LISTEN = [
  'tokens',
  'tlsCert',
  'tlsKey',
  'allowedHosts',
] as const satisfies readonly SettingKey[];

const isGiven = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;

const nameOf = (key: SettingKey): string => flagName(SETTINGS[key]);
