import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Matrix } from '../../src/isolation/matrix.ts';
import { AI_HUB_SAYS, ASSIGNED, expectedReach, expectedWayOut } from '../support/ai-hub-guide.ts';
import { reachIn } from '../support/isolation.ts';
import { CliHarness } from './harness.ts';

const HUB = join(import.meta.dirname, '../../manifests/ai-hub');

let cli: CliHarness;

beforeEach(async () => {
  cli = await CliHarness.start();
});

afterEach(() => cli.stop());

test.each(['20.10', '28'])(
  'the matrix of the AI hub is what the guide says, on Engine %s',
  async (engine) => {
    const { stdout } = await cli.run(`net matrix -f ${HUB} --engine ${engine} -o json`);
    const { declared } = JSON.parse(stdout) as { readonly declared: Matrix };
    const services = Object.keys(ASSIGNED);
    const full = (end: string) => (end in ASSIGNED ? `hub-${end}` : end);
    expect(declared.columns.filter((column) => column.startsWith('hub-')).sort()).toEqual(
      services.map(full).sort(),
    );
    for (const from of services) {
      const others = services.filter((to) => to !== from);
      const found = others.map((to) => `${from} -> ${to}: ${reachIn(declared, full(from), full(to))}`);
      expect(found).toEqual(others.map((to) => `${from} -> ${to}: ${expectedReach(from, to)}`));
      expect(reachIn(declared, full(from), 'internet')).toBe(expectedWayOut(from) ? 'all' : 'none');
      expect(reachIn(declared, 'outside', full(from))).toBe(from === 'proxy/traefik' ? 'ports' : 'none');
    }
    const wrong = AI_HUB_SAYS.filter(({ from, to, isOpen }) => {
      const reach = reachIn(declared, full(from), to === 'outside' ? 'internet' : full(to));
      return (reach !== 'none') !== isOpen;
    });
    expect(wrong).toEqual([]);
  },
);

const OPENED: readonly (readonly [what: string, file: string, from: string, to: string, says: string])[] = [
  [
    'ICC turned on',
    'ai-hub.yaml',
    'enable_icc: "false"',
    'enable_icc: "true"',
    'zone ai-hub-egress: ICC is to be off on ai-hub-egress, and is on',
  ],
  [
    'a network that is internal no more',
    'ai-hub.yaml',
    'name: ai-hub-storage\n      driver: bridge\n      internal: true',
    'name: ai-hub-storage\n      driver: bridge\n      internal: false',
    'zone ai-hub-storage: ai-hub-storage is to have no way out, and has one',
  ],
  [
    'a published port',
    'hub-proxy.yaml',
    'environment: { NAME: web, PORTS: "3000" }',
    'environment: { NAME: web, PORTS: "3000" }\n      ports: ["3000"]',
    'and nothing else: the outside must not reach hub-proxy/web, and does',
  ],
];

test.each(OPENED)('%s breaks the policy of the AI hub', async (_what, file, from, to, says) => {
  const directory = join(cli.directory, 'hub');
  await cp(HUB, directory, { recursive: true });
  const text = await readFile(join(directory, file), 'utf8');
  expect(text).toContain(from);
  await writeFile(join(directory, file), text.replace(from, to));
  const { exit, stderr } = await cli.run('net test hub');
  expect(exit).toBe(1);
  expect(stderr).toContain(says);
});
