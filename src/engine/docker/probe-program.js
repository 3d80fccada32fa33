// @ts-check
// Runs inside a probe container, by `node --input-type=module -e`: it may use nothing but Node's own modules.
// Takes {"waitMs": n, "probes": [...]} (model/probe.ts) from its arguments and writes a result a line, in their order.
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** Sockets that are open at a time. */
const PARALLEL = 200;
/** Where the engine's own resolver listens in every container that is on a network with names. */
const ENGINE_DNS = '127.0.0.11';

const { waitMs, probes } = JSON.parse(process.argv.slice(1).join(''));

/** @param {string} outcome @param {string[]} addresses @param {string} detail */
const result = (outcome, addresses = [], detail = '') => ({ outcome, addresses, detail });

/** @param {NodeJS.ErrnoException} error */
function failed({ code = '' }) {
  if (code === 'ECONNREFUSED') return result('refused');
  return code === 'ETIMEDOUT' ? result('timeout') : result('unreachable', [], code);
}

/** @param {{host: string, port: number}} target */
function tcp({ host, port }) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (/** @type {object} */ answer) => {
      resolve(answer);
      socket.destroy();
    };
    socket.setTimeout(waitMs, () => end(result('timeout')));
    socket.once('connect', () => end(result('open')));
    socket.on('error', (error) => end(failed(error)));
  });
}

/** A datagram may be lost, and ICMP is rationed: it is sent three times. @param {{host: string, port: number}} target */
function udp({ host, port }) {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    /** @type {NodeJS.Timeout[]} */
    const timers = [];
    let isOver = false;
    const end = (/** @type {object} */ answer) => {
      if (isOver) return;
      isOver = true;
      for (const timer of timers) clearTimeout(timer);
      resolve(answer);
      socket.close();
    };
    socket.on('error', (error) => end(failed(error)));
    socket.once('message', () => end(result('open')));
    // @ts-expect-error the types do not know that it is told of a failure
    socket.connect(port, host, (/** @type {NodeJS.ErrnoException | undefined} */ failure) => {
      if (failure) return end(failed(failure));
      const send = () => socket.send('stackctl probe\n', (error) => error && end(failed(error)));
      send();
      for (const part of [0.3, 0.6]) timers.push(setTimeout(send, waitMs * part));
    });
    timers.push(setTimeout(() => end(result('timeout')), waitMs));
  });
}

/** @param {string} path */
function lines(path) {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** @param {string} line */
const words = (line) => line.replace(/#.*/, '').trim().split(/\s+/);

/** @param {{name: string}} target */
async function name({ name }) {
  const inHosts = lines('/etc/hosts')
    .map(words)
    .filter(([, ...names]) => names.includes(name))
    .flatMap(([address]) => address ?? []);
  if (inHosts.length > 0) return result('resolved', inHosts, 'hosts');
  const hasEngineDns = lines('/etc/resolv.conf')
    .map(words)
    .some(([key, server]) => key === 'nameserver' && server === ENGINE_DNS);
  // Any other server is not the engine's, and is told nothing.
  if (!hasEngineDns) return result('no-such-name', [], 'no engine DNS');
  const resolver = new Resolver({ timeout: Math.ceil(waitMs / 2), tries: 2 });
  resolver.setServers([ENGINE_DNS]);
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (addresses.length > 0) return result('resolved', addresses, 'dns');
  const codes = answers.flatMap((answer) => (answer.status === 'rejected' ? answer.reason.code : []));
  return result(codes[0] === 'ETIMEOUT' ? 'timeout' : 'no-such-name', [], codes[0] ?? '');
}

/** The kernel prints an IPv4 address as one number in the host's byte order. @param {string} hex */
const fromHex = (hex) =>
  (hex.match(/../g) ?? [])
    .map((byte) => Number.parseInt(byte, 16))
    .reverse()
    .join('.');

/** @param {{family: number}} target */
function route({ family }) {
  const gateways = family === 4 ? ipv4Gateways() : ipv6Gateways();
  return gateways.length === 0 ? result('no-route') : result('route', gateways.filter(Boolean));
}

function ipv4Gateways() {
  return lines('/proc/net/route')
    .map(words)
    .filter(([, to, , , , , , mask]) => to === '00000000' && mask === '00000000')
    .map(([, , gateway = '']) => (gateway === '00000000' ? '' : fromHex(gateway)));
}

/** The route that refuses everything is listed too, with the highest metric there is. */
function ipv6Gateways() {
  return lines('/proc/net/ipv6_route')
    .map(words)
    .filter(([to = '', length, , , , metric]) => /^0+$/.test(to) && length === '00' && metric !== 'ffffffff')
    .map(([, , , , gateway = '']) => (/^0+$/.test(gateway) ? '' : (gateway.match(/..../g) ?? []).join(':')));
}

/** @type {Record<string, (probe: any) => unknown>} */
const KINDS = { tcp, udp, name, route };

/** @type {unknown[]} */
const results = [];
let next = 0;
async function work() {
  while (next < probes.length) {
    const index = next;
    next += 1;
    const probe = probes[index];
    results[index] = await KINDS[probe.kind]?.(probe);
  }
}
await Promise.all(Array.from({ length: PARALLEL }, work));
process.stdout.write(results.map((each) => `${JSON.stringify(each)}\n`).join(''));
