import { describe, expect, test } from 'vitest';
import { answerFailure, inBandFailure, transportFailure } from '../../../../src/engine/docker/failures.ts';
import type { FailureKind } from '../../../../src/model/failure.ts';

const ID = 'a1b2c3d4e5f6'.repeat(5).padEnd(64, '0');

/** Status, the engine's words (20.10.24 and 28.5.2), and what they mean. */
const TABLE: readonly (readonly [number, string, FailureKind, RegExp])[] = [
  [
    409,
    `Conflict. The container name "/x" is already in use by container "${ID}". You have to remove (or rename) that container to be able to reuse that name.`,
    'conflict',
    /name x/,
  ],
  [404, 'No such image: r:1', 'gone', /image r:1/],
  [409, `failed to join IPC namespace: container ${ID} is not running`, 'refused', /must run first/],
  [500, `can't join IPC of container ${ID}: container ${ID} is not running`, 'refused', /must run first/],
  [
    500,
    'driver failed programming external connectivity on endpoint x (ab): Bind for 0.0.0.0:39130 failed: port is already allocated',
    'conflict',
    /another container publishes port 39130/,
  ],
  [
    500,
    'failed to set up container networking: driver failed programming external connectivity on endpoint x: Bind for :::39130 failed: port is already allocated',
    'conflict',
    /port 39130/,
  ],
  [
    500,
    'driver failed programming external connectivity on endpoint x: Error starting userland proxy: listen tcp4 0.0.0.0:39131: bind: address already in use',
    'conflict',
    /process of the host listens on port 39131/,
  ],
  [
    500,
    'failed to set up container networking: driver failed programming external connectivity on endpoint x: failed to bind host port for 0.0.0.0:39131:172.18.0.3:80/tcp: address already in use',
    'conflict',
    /process of the host listens on port 39131/,
  ],
  [404, `network ${ID} not found`, 'gone', /attached again/],
  [404, `failed to set up container networking: network ${ID} not found`, 'gone', /attached again/],
  [
    500,
    `could not find a network matching network mode demo_net: network demo_net not found`,
    'gone',
    /attached again/,
  ],
  [
    500,
    'Head "http://127.0.0.1:5000/v2/app/manifests/1": no basic auth credentials',
    'refused',
    /docker login/,
  ],
  [
    500,
    'Get "https://registry.example/v2/": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    'refused',
    /certs\.d/,
  ],
  ...[
    'Head "http://127.0.0.1:5000/v2/app/manifests/1": dial tcp 127.0.0.1:5000: connect: connection refused',
    'Get "https://registry.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    'Get "https://registry.example/v2/": context deadline exceeded',
  ].map((words) => [500, words, 'refused', /cannot be reached/] as const),
  [403, 'Address already in use', 'conflict', /static address/],
  [403, 'failed to set up container networking: Address already in use', 'conflict', /static address/],
  [
    500,
    "Invalid address 10.9.0.1: It does not belong to any of this network's subnets",
    'invalid',
    /inside a subnet/,
  ],
  [
    400,
    'invalid config for network n: invalid endpoint settings: no configured subnet or ip-range contain the IP address 10.9.0.1',
    'invalid',
    /inside a subnet/,
  ],
  [
    400,
    'user specified IP address is supported only when connecting to networks with user configured subnets',
    'invalid',
    /subnet/,
  ],
  [
    400,
    'failed to create task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown',
    'invalid',
    /no \/nope/,
  ],
  [
    400,
    'OCI runtime create failed: exec: "nope": executable file not found in $PATH: unknown',
    'invalid',
    /no nope/,
  ],
  [500, 'OCI runtime create failed: something new', 'refused', /end of the message/],
  [
    403,
    `error while removing network: network r2-b id ${ID} has active endpoints`,
    'conflict',
    /still attached/,
  ],
  [409, 'network with name demo_net already exists', 'conflict', /demo_net/],
  [403, 'Pool overlaps with other one on this address space', 'conflict', /subnet/],
  [
    403,
    'cannot create network 6e0a0731207b168e (br-6e0a0731207b): conflicts with network 0c69b11420b5598b (br-0c69b11420b5): networks have overlapping IPv4',
    'conflict',
    /docker network inspect 0c69b11420b5.*local-kv\.db/,
  ],
  [403, 'invalid pool request: Pool overlaps with other one on this address space', 'conflict', /subnet/],
  [
    404,
    'could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network',
    'conflict',
    /default-address-pools/,
  ],
  [400, 'all predefined address pools have been fully subnetted', 'conflict', /default-address-pools/],
  [
    404,
    'could not find an available, non-overlapping IPv6 address pool among the defaults to assign to the network',
    'invalid',
    /IPv6/,
  ],
  [400, 'invalid subnet 10.78.0.5/24: it should be 10.78.0.0/24', 'invalid', /option/],
  [400, 'unknown gateway mode foo', 'invalid', /option/],
  [500, 'failed to parse com.docker.network.bridge.enable_icc value: "perhaps"', 'invalid', /option/],
  [
    403,
    'cannot create network ab (br-x): conflicts with network cd (br-x): networks have same bridge name',
    'conflict',
    /bridge/,
  ],
  [404, 'plugin "nope" not found', 'invalid', /driver nope/],
  [404, 'create v: error looking up volume plugin nope: plugin "nope" not found', 'invalid', /driver nope/],
  [403, 'endpoint with name x already exists in network y', 'refused', /next pass/],
  [409, `removal of container ${ID} is already in progress`, 'gone', /way out/],
  [409, 'remove v: volume is in use - [abc]', 'conflict', /uses the volume/],
  [400, 'Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available', 'invalid', /CPUs/],
  [400, 'invalid CapAdd: unknown capability: "CAP_NOPE"', 'invalid', /cap_add/],
  [
    400,
    'invalid mount config for type "bind": bind source path does not exist: /srv/x',
    'invalid',
    /create \/srv\/x/,
  ],
  [500, 'Canceled: context canceled', 'gone', /at once/],
  [
    409,
    'Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set',
    'invalid',
    /limits/,
  ],
  [500, 'container rootfs is marked read-only', 'invalid', /read_only/],
];

describe('what an engine answers', () => {
  test.each(TABLE)('%i %s', (status, words, kind, hint) => {
    const failure = answerFailure('do it', status, words);
    expect(failure).toMatchObject({ kind, status });
    expect(failure.hint).toMatch(hint);
    expect(failure.message.startsWith('do it: ')).toBe(true);
    expect(failure.message).not.toContain(ID);
  });

  test.each([
    [400, 'invalid'],
    [404, 'gone'],
    [403, 'conflict'],
    [409, 'conflict'],
    [500, 'refused'],
    [503, 'refused'],
  ])('words that nobody knows are judged by their status %i alone', (status, kind) => {
    expect(answerFailure('do it', status, 'so eine Überraschung').kind).toBe(kind);
    expect(answerFailure('do it', status, '').message).toBe(`do it: the engine answered ${status}`);
  });

  test('messages are one line and bounded', () => {
    const failure = answerFailure('do it', 500, `a\n  b ${'x'.repeat(5000)}`);
    expect(failure.message).toMatch(/^do it: a b x+\.\.\.$/);
    expect(failure.message.length).toBeLessThan(1000);
  });

  test('an error inside a stream has no status, and the same meaning', () => {
    const failure = inBandFailure(
      'pull',
      'pull access denied for x, repository does not exist or may require docker login',
    );
    expect(failure).toMatchObject({ kind: 'refused', status: undefined });
    expect(failure.hint).toContain('docker login');
  });
});

test.each(['ENOENT', 'ECONNREFUSED', 'EACCES', 'ECONNRESET', undefined])(
  'no answer (%s) is unreachable, with a hint',
  (code) => {
    const failure = transportFailure(
      'list',
      'unix:///x',
      Object.assign(new Error('socket hang up'), { code }),
    );
    expect(failure.kind).toBe('unreachable');
    expect(failure.hint).toBeDefined();
    expect(failure.message).toContain('unix:///x');
  },
);
