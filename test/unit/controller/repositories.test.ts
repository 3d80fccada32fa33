import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Ports } from '../../../src/controller/ports.ts';
import { Repositories } from '../../../src/controller/repositories.ts';
import { Records } from '../../../src/controller/stack-record.ts';
import { undeclaredRepository } from '../../../src/controller/undeclared-repository.ts';
import type { RepositoryDeclaration } from '../../../src/model/repository.ts';
import type { Store } from '../../../src/store/store.ts';

const store: Store = {
  read: () => undefined,
  list: () => [],
  write: async () => undefined,
  remove: async () => undefined,
  appendEvent: () => undefined,
  readEvents: () => [],
  flush: async () => undefined,
};
const ONE = { kind: 'directory', name: '/one' } as const;
const TWO = { kind: 'directory', name: '/two' } as const;

function declaration(file: string, url = 'https://h/x.git'): RepositoryDeclaration {
  return {
    name: 'infra',
    url,
    ref: { branch: undefined, tag: undefined, semver: undefined, commit: undefined },
    intervalMs: 60_000,
    timeoutMs: 60_000,
    path: '',
    suspend: false,
    secretDirectory: undefined,
    verify: undefined,
    at: { file, line: 1, column: 1 },
  };
}

function make() {
  const warned: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void warned.push(line) });
  const ports = { store, log, openRepository: ({ name }) => undeclaredRepository(name, undefined) } as Pick<
    Ports,
    'store' | 'log' | 'openRepository'
  > as Ports;
  const nothing = async () => undefined;
  const repositories = new Repositories({
    ports,
    records: new Records(store),
    read: nothing,
    follow: nothing,
  });
  const read = (origin: Parameters<typeof repositories.declare>[0], ...declared: RepositoryDeclaration[]) =>
    repositories.declare(origin, { repositories: declared, brokenFiles: [], trusted: true });
  return { repositories, read, warned };
}

test('a repository that two sources declare is the first one’s; the other one shows it, and is told once', async () => {
  const { repositories, read, warned } = make();
  await read(ONE, declaration('/one/infra.yaml'));
  for (let reading = 0; reading < 3; reading += 1)
    await read(TWO, declaration('/two/infra.yaml', 'https://h/y.git'));
  expect(repositories.originOf('infra')).toEqual(ONE);
  expect(repositories.problemsOf(ONE)).toEqual([]);
  expect(repositories.problemsOf(TWO)).toMatchObject([
    {
      severity: 'warning',
      code: 'DuplicateRepository',
      message:
        'repository infra is declared twice: /one/infra.yaml:1:1 counts, /two/infra.yaml:1:1 is not used',
      at: { file: '/two/infra.yaml' },
    },
  ]);
  expect(warned).toHaveLength(1);

  // Once the first one has it no more, it is the other one's with its next reading.
  await read(ONE);
  await read(TWO, declaration('/two/infra.yaml', 'https://h/y.git'));
  expect(repositories.originOf('infra')).toEqual(TWO);
  expect(repositories.problemsOf(TWO)).toEqual([]);
});

test('a file that two sources read is no contradiction', async () => {
  const { repositories, read, warned } = make();
  await read(ONE, declaration('/one/infra.yaml'));
  await read(TWO, declaration('/one/infra.yaml'));
  expect([repositories.problemsOf(TWO), warned]).toEqual([[], []]);
});

test('what a repository declares is not followed, and shows there', async () => {
  const { repositories, read } = make();
  const git = { kind: 'git', name: 'infra' } as const;
  await read(git, declaration('/state/repositories/infra/other.yaml'));
  expect(repositories.originOf('infra')).toBeUndefined();
  expect(repositories.problemsOf(git)).toMatchObject([{ code: 'RepositoryNotFollowed' }]);
  await read(git);
  expect(repositories.problemsOf(git)).toEqual([]);
});
