import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import {
  endLostProcesses,
  hasProcesses,
  isRefusedForLostProcess,
} from '../../../../src/engine/docker/lost-process.ts';
import { containerId } from '../../../../src/model/names.ts';

const newId = () => containerId(randomBytes(32).toString('hex'));

describe.skipIf(process.platform !== 'linux')('processes that an engine has lost', () => {
  const started: ChildProcess[] = [];
  const programs = mkdtempSync(join(tmpdir(), 'stackctl-lost-'));
  afterAll(() => rmSync(programs, { recursive: true }));
  /** Runs, under a name that Linux takes for the program's, for ever. */
  const endless = async (name: string, ...argv: string[]): Promise<ChildProcess> => {
    const program = join(mkdtempSync(join(programs, 'x')), name);
    symlinkSync(process.execPath, program);
    const child = spawn(program, ['-e', 'setInterval(() => {}, 1000)', '--', ...argv]);
    started.push(child);
    await once(child, 'spawn');
    return child;
  };
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });

  test('are found by the shim of the container, and ended with it alone', async () => {
    const [lost, other] = [newId(), newId()];
    const shim = await endless('containerd-shim-runc-v2', '-namespace', 'moby', '-id', lost);
    const bystander = await endless('containerd-shim-runc-v2', '-namespace', 'moby', '-id', other);
    const ended = once(shim, 'exit');
    expect(await hasProcesses(lost)).toBe(true);
    expect(await endLostProcesses(lost)).toBe(true);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(await hasProcesses(lost)).toBe(false);
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
  });

  test('are no others that happen to name the container', async () => {
    const id = newId();
    await endless('docker', 'logs', '-id', id);
    await endless('containerd-shim-runc-v2', '-namespace', id);
    expect(await hasProcesses(id)).toBe(false);
    expect(await endLostProcesses(id)).toBe(false);
  });

  test('are why Engine 20.10 refuses a start', () => {
    const id = newId();
    expect(isRefusedForLostProcess(`task ${id}: already exists`, id)).toBe(true);
    expect(isRefusedForLostProcess(`task ${newId()}: already exists`, id)).toBe(false);
    expect(isRefusedForLostProcess('', id)).toBe(false);
  });
});
