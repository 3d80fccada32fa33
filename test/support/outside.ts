import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { run } from './stackctld.ts';

/** Answers whatever connects, and ends when its stdin does: so it goes with whoever made it, however that ends. */
const SERVER = `
require('node:net').createServer((socket) => socket.on('error', () => {}).end('outside\\n')).listen(8080);
process.stdin.on('end', () => process.exit()).resume();
console.log('ready');
`;
const CLIENT = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port: Number(port) });
socket.setTimeout(2000, () => process.exit(3));
socket.on('error', () => process.exit(4)).on('connect', () => process.exit(0));
`;
/** Addresses for documentation (RFC 5737): nobody's, in no network of anybody. */
const HOST_ADDRESS = '198.51.100.1';
const OUTSIDE_ADDRESS = '198.51.100.2';
const PORT = 8080;

/**
 * The world outside of all containers: a network namespace of its own that is joined to this one by a cable, where
 * something listens and from where connections can be tried. The engine has to be in the namespace of this process.
 */
export class Outside {
  /** Where it listens. */
  readonly address = OUTSIDE_ADDRESS;
  readonly port = PORT;
  /** The host, as it is seen from there. */
  readonly host = HOST_ADDRESS;
  readonly #process: ChildProcess;

  private constructor(server: ChildProcess) {
    this.#process = server;
  }

  /** What is missing on this machine to make one; undefined when nothing is. */
  static missing(): string | undefined {
    if (process.getuid?.() !== 0) return 'only root can make a network namespace';
    try {
      for (const tool of ['ip', 'unshare', 'nsenter']) execFileSync(tool, ['-V'], { stdio: 'ignore' });
    } catch {
      return 'ip (iproute2), unshare and nsenter (util-linux) are needed';
    }
    return undefined;
  }

  /** Whether the host's own firewall forwards what no rule of the engine is about. */
  static isForwarded(): boolean {
    return execFileSync('iptables', ['-S', 'FORWARD'], { encoding: 'utf8' }).startsWith('-P FORWARD ACCEPT');
  }

  static async create(): Promise<Outside> {
    const server = spawn('unshare', ['--net', process.execPath, '-e', SERVER], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(server.stdout, 'data');
    const pid = String(server.pid);
    const cable = `st${randomBytes(4).toString('hex')}`;
    const ip = (...argv: string[]) => execFileSync('ip', argv);
    const within = (...argv: string[]) =>
      execFileSync('nsenter', [`--net=/proc/${pid}/ns/net`, 'ip', ...argv]);
    // The other end lives in the namespace, so that the cable goes with it.
    ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid);
    ip('address', 'add', `${HOST_ADDRESS}/24`, 'dev', cable);
    ip('link', 'set', cable, 'up');
    within('link', 'set', 'lo', 'up');
    within('address', 'add', `${OUTSIDE_ADDRESS}/24`, 'dev', 'eth0');
    within('link', 'set', 'eth0', 'up');
    within('route', 'add', 'default', 'via', HOST_ADDRESS);
    return new Outside(server);
  }

  /** Whether a TCP connection from there comes about. */
  async reaches(host: string, port: number): Promise<boolean> {
    const namespace = `--net=/proc/${this.#process.pid}/ns/net`;
    const { code } = await run('nsenter', [namespace, process.execPath, '-e', CLIENT, host, String(port)]);
    return code === 0;
  }

  async dispose(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await ended;
  }
}
