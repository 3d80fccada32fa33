import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { acquireLock, createEngineLocks } from '../../../src/controller/lock.ts';

const instance = (name: string) => `${name}-${process.pid}-${Date.now()}`;
async function held(...given: Parameters<typeof acquireLock>) {
  const lock = await acquireLock(...given);
  onTestFinished(() => lock.release());
  return lock;
}

describe.runIf(process.platform === 'linux')('the locks of a daemon', () => {
  test('are taken when an engine is first met, each once, and all are released', async () => {
    const name = instance('met');
    const locks = createEngineLocks(name);
    const other = createEngineLocks(name);
    onTestFinished(() => Promise.all([locks.release(), other.release()]).then(() => undefined));
    await Promise.all([locks.admit('engine-1'), locks.admit('engine-2')]);
    await locks.admit('engine-1');
    await expect(other.admit('engine-2')).rejects.toMatchObject({ kind: 'conflict' });
    expect(other.refusal).toMatchObject({ kind: 'conflict' });
    await locks.release();
    await other.admit('engine-2');
    expect(other.refusal).toBeUndefined();
  });
});

describe.runIf(process.platform === 'linux')('the lock', () => {
  test('is had by one at a time; the other learns which process has it', async () => {
    const name = instance('one');
    await held(name, 'engine');
    const second = acquireLock(name, 'engine');
    await expect(second).rejects.toMatchObject({
      name: 'Failure',
      kind: 'conflict',
      hint: expect.any(String),
    });
    await expect(second).rejects.toThrow(`process ${process.pid}`);
  });

  test('is another one for another engine or another instance, however long or odd the name', async () => {
    const name = instance('x'.repeat(300));
    const names = [
      await held(name, 'engine-1'),
      await held(name, 'engine-2'),
      await held(`${name}y`, 'engine-1'),
      await held(`${name}/ä\n`, 'engine-1'),
    ].map((lock) => lock.name);
    expect(new Set(names).size).toBe(4);
    for (const each of names) expect(each).toMatch(/^@stackctl-[A-Za-z0-9_.-]{1,40}-[0-9a-f]{16}$/);
  });

  test('can be had again after it was released, also when somebody is still connected', async () => {
    const name = instance('again');
    const lock = await acquireLock(name, 'engine');
    const client = createConnection({ path: `\0${lock.name.slice(1)}` });
    onTestFinished(() => {
      client.destroy();
    });
    await once(client, 'connect');
    await lock.release();
    await lock.release();
    await held(name, 'engine');
  });

  test('is freed when the process that has it is killed', async () => {
    const name = instance('killed');
    const holder = await startHolder(name);
    await expect(acquireLock(name, 'engine')).rejects.toMatchObject({ kind: 'conflict' });
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await held(name, 'engine');
  });

  test('is held by a process that hangs, and asking does not wait for it for ever', async () => {
    const name = instance('hangs');
    const holder = await startHolder(name);
    holder.kill('SIGSTOP');
    await expect(acquireLock(name, 'engine')).rejects.toMatchObject({ kind: 'conflict' });
  });
});

/** Another process that has the lock. */
async function startHolder(name: string): Promise<ChildProcess> {
  const module = join(import.meta.dirname, '../../../src/controller/lock.ts');
  const script = `const { acquireLock } = await import(${JSON.stringify(module)});
    await acquireLock(${JSON.stringify(name)}, 'engine');
    setInterval(() => {}, 60_000);
    console.log('held');`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  return child;
}
