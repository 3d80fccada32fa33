// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Compose's variables
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WholeDaemon } from '../support/whole-daemon.ts';

let daemon: WholeDaemon;
let here: string;

beforeAll(async () => {
  daemon = new WholeDaemon();
  await daemon.start();
  here = mkdtempSync(join(tmpdir(), 'stackctl-export-'));
});
afterAll(async () => {
  await daemon.stop();
  rmSync(here, { recursive: true, force: true });
});

function put(name: string, text: string): string {
  const path = join(here, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function ctl(...argv: readonly string[]): Promise<{ readonly exit: number; readonly said: string }> {
  daemon.printed = '';
  const exit = await daemon.ctl(...argv);
  return { exit, said: daemon.printed };
}

async function apply(path: string): Promise<void> {
  const applied = await ctl('apply', '-f', path);
  expect(applied.exit, applied.said).toBe(0);
}

/** The same containers, which were not even restarted. */
async function applyAndSeeNoChange(path: string): Promise<void> {
  const seen = async () => {
    const { items } = JSON.parse((await ctl('get', 'services', '-o', 'json')).said);
    return items.flatMap(({ containers }: { containers: object[] }) => containers);
  };
  const before = await seen();
  expect(before).not.toEqual([]);
  await apply(path);
  expect(await seen()).toEqual(before);
}

const COMPOSE = `
services:
  web:
    image: \${IMAGE:-app}:1
    command: serve --home $$HOME --name \${NAME}
    env_file: [web.env, {path: more.env, required: false}]
    environment: {NAME: "\${NAME}", FLOAT: 1.10, FLAG: "yes", OCTAL: "0755", EMPTY: , TEXT: "1.10"}
    volumes: ["./data:/data:ro", "\${HOME_OF_DATA}/x:/y", "db:/db", "/anonymous"]
    ports: ["127.0.0.1:8080:80"]
    networks: {front: {aliases: [www]}, back: }
    configs: [{source: page, target: /page, mode: 0440}]
    secrets: [password]
    deploy: {replicas: 1, resources: {limits: {cpus: "0.5", memory: 64M}}}
  worker:
    extends: {file: base.yaml, service: base}
    depends_on: {web: {condition: service_started}}
    profiles: [never]
configs: {page: {content: "<p>$$x \${NAME}</p>"}}
secrets: {password: {file: ./password.txt}}
volumes: {db: {labels: {keep: "true"}}}
networks: {front: {}, back: {internal: true}}
`;

describe('stackctl export', () => {
  test('a Compose project applied again from its export, from elsewhere, is what it was', async () => {
    const path = put('one/shop.compose.yaml', COMPOSE);
    put('one/.env', 'NAME=a b$c\nHOME_OF_DATA=/srv\n');
    put('one/web.env', 'TOKEN=of-the-env-file\n');
    put('one/password.txt', 'secret');
    put('one/base.yaml', 'services: {base: {image: "app:1", labels: {from: base}}}\n');
    await apply(path);
    const exported = await ctl('export', 'shop');
    expect(exported.exit, exported.said).toBe(0);
    expect(exported.said).toContain(`envFile:\n    - ${join(here, 'one/.env')}\n`);
    expect(exported.said).not.toContain('of-the-env-file');
    expect(exported.said).not.toContain('a b$c');

    const again = put('elsewhere/shop.yaml', exported.said);
    expect(await ctl('diff', '-f', again)).toMatchObject({ exit: 0 });
    await applyAndSeeNoChange(again);
    expect((await ctl('export', 'shop')).said).toBe(exported.said);
  });

  test('as a Compose file it says what it can, and what it leaves out', async () => {
    const exported = await ctl('export', 'shop', '--compose');
    const [document = '', ...warnings] = exported.said.split(/^(?=warning: )/m);
    expect(warnings).toEqual([
      `warning: variables come from ${join(here, 'one/.env')}: put them into .env beside the file\n`,
    ]);
    const again = put('plain/compose.yaml', document);
    copyFileSync(join(here, 'one/.env'), join(here, 'plain/.env'));
    expect(await ctl('diff', '-f', again)).toMatchObject({ exit: 0 });
  });

  test('a Stack keeps its labels, its control fields and the files that it is made of', async () => {
    const path = put(
      'two/stack.yaml',
      `apiVersion: stackctl.io/v1alpha1
kind: Stack
metadata: {name: office, labels: {team: web}, annotations: {note: "on: call"}}
spec:
  interval: 45s
  driftDetection: {mode: warn, ignore: [{paths: [/services/web/labels]}]}
  env: {TAG: 1, PORT: "08"}
  envFile: ./vars.env
  profiles: [extra]
  composeFiles: [parts/base.yaml]
  services:
    web: {environment: {MORE: "\${OTHER}"}}
`,
    );
    put('two/vars.env', 'OTHER=other\n');
    put(
      'two/parts/base.yaml',
      'services:\n  web: {image: "app:${TAG}", environment: {PORT: "${PORT}"}, volumes: ["./d:/d"]}\n  x: {image: "app:1", profiles: [extra]}\n',
    );
    await apply(path);
    const exported = await ctl('export', 'office');
    expect(exported.exit, exported.said).toBe(0);
    const again = put('elsewhere/office.yaml', exported.said);
    expect(await ctl('diff', '-f', again)).toMatchObject({ exit: 0 });
    await applyAndSeeNoChange(again);
    expect((await ctl('export', 'office')).said).toBe(exported.said);
    expect(exported.said).toContain('  labels:\n    team: web\n');
    expect(exported.said).toContain('  env:\n    TAG: "1"\n    PORT: "08"\n');
    const plain = await ctl('export', 'office', '--compose', '-o', 'json');
    expect(plain.said).toContain(
      'warning: a Compose file cannot say metadata.labels, metadata.annotations, spec.interval, spec.driftDetection, spec.env, spec.profiles: left out\n',
    );
    expect(JSON.parse(plain.said.replaceAll(/^warning: .*$/gm, ''))).toMatchObject({
      name: 'office',
      services: { web: { image: 'app:${TAG}' }, x: { profiles: ['extra'] } },
    });
  });

  test('a change of what was exported shows', async () => {
    const { said } = await ctl('export', 'office');
    const changed = put('elsewhere/changed.yaml', said.replace('PORT: "08"', 'PORT: "09"'));
    expect((await ctl('diff', '-f', changed)).exit).toBe(1);
  });
});
