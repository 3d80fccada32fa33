import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { WholeDaemon } from '../support/whole-daemon.ts';

const STACK = (networks: string) => `
apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata: { name: shop }
spec:
  services:
    proxy: { image: "app:1", networks: [${networks}] }
    db: { image: "app:1", networks: [back] }
  networks:
    front: {}
    back: { internal: true }
`;

const POLICY = `
apiVersion: stackctl.io/v1alpha1
kind: ReachabilityPolicy
metadata: { name: shop }
spec:
  rules:
    - { from: { service: proxy }, to: { service: db }, action: deny }
`;

let daemon: WholeDaemon;

beforeEach(() => {
  daemon = new WholeDaemon();
});

afterEach(() => daemon.stop());

/** Waits until the stack is told to be so. */
async function untilShown(text: string): Promise<void> {
  await eventually(`the status says ${text}`, async () => {
    const before = daemon.printed.length;
    await daemon.ctl('get', 'stack', 'shop', '-o', 'json');
    return daemon.printed.slice(before).includes(text) ? true : undefined;
  });
}

const networksOfProxy = (): readonly string[] =>
  [...daemon.engine.world.containers.values()]
    .filter(({ name }) => name === 'shop-proxy-1')
    .flatMap(({ endpoints }) => [...endpoints.keys()])
    .sort();

async function said(...argv: readonly string[]): Promise<{ readonly exit: number; readonly text: string }> {
  const before = daemon.printed.length;
  const exit = await daemon.ctl(...argv);
  return { exit, text: daemon.printed.slice(before) };
}

test('a manifest that breaks a policy is not applied, and its last good state is kept', async () => {
  daemon.put('shop.yaml', STACK('front'));
  daemon.put('policy.yaml', POLICY);
  await daemon.start();
  await eventually('the proxy is there', async () => (networksOfProxy().length === 1 ? true : undefined));

  daemon.put('shop.yaml', STACK('front, back'));
  await untilShown('"PolicyViolation"');
  expect(networksOfProxy()).toEqual(['shop_front']);
  const told = await said('describe', 'shop');
  expect(told.text).toContain('shop/proxy must not reach shop/db, and does: both are on shop_back');
  expect(told.text).toContain('policy.yaml:7:7');

  // A policy that cannot be read any more holds on.
  daemon.put('policy.yaml', `${POLICY}   broken: [`);
  await untilShown('"PolicyViolation"');
  expect(networksOfProxy()).toEqual(['shop_front']);

  // A policy that wants it so lets it through.
  daemon.put('policy.yaml', POLICY.replace('deny', 'allow'));
  await eventually('the proxy is attached', async () => (networksOfProxy().length === 2 ? true : undefined));
});

test('what is pushed is held to policies too, and the daemon tells who reaches whom', async () => {
  daemon.put('policy.yaml', POLICY);
  daemon.put('.stackctlignore', 'pushed.yaml\nalone.yaml\n');
  await daemon.start();
  const path = daemon.put('pushed.yaml', STACK('front, back'));
  const refused = await said('apply', '-f', path, '--wait=false');
  expect(refused.exit).toBe(1);
  expect(refused.text).toContain('shop/proxy must not reach shop/db');
  expect(daemon.engine.world.containers.size).toBe(0);

  daemon.put('pushed.yaml', STACK('front'));
  expect((await said('apply', '-f', path, '--wait=false')).exit).toBe(0);
  await eventually('the proxy is there', async () => (networksOfProxy().length === 1 ? true : undefined));
  const shown = await said('net', 'explain', 'proxy', 'db');
  expect(shown).toMatchObject({ exit: 1 });
  expect(shown.text).toContain('declared and observed');
  expect((await said('net', 'matrix')).text).toContain('shop/proxy');
  const alone = daemon.put('alone.yaml', POLICY);
  const nothing = await said('apply', '-f', alone, '--wait=false');
  expect(nothing.exit).toBe(1);
  expect(nothing.text).toContain('comes without any stack');
});
