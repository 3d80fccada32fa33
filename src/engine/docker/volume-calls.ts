import equal from 'fast-deep-equal';
import type { DesiredVolume } from '../../model/desired.ts';
import { Failure } from '../../model/failure.ts';
import { OURS } from '../../model/labels.ts';
import { admitVolume } from './admission/gate.ts';
import { DEADLINE } from './connection.ts';
import type { Caller } from './container-calls.ts';
import { notOurs } from './guard.ts';
import { inspectVolume } from './reads.ts';
import { volumeBody } from './requests.ts';

/**
 * Creates, and looks at what is there then: the engine answers 201 for a volume that existed already, with
 * whatever driver, options and labels it has (reliability 1.7).
 */
export async function createVolume(
  caller: Caller,
  volume: DesiredVolume,
  labels: Readonly<Record<string, string>>,
): Promise<void> {
  const what = `create volume ${volume.name}`;
  const body = volumeBody(volume, labels);
  await admitVolume(caller, body, what);
  await caller.connection.request<unknown>({
    method: 'POST',
    path: '/volumes/create',
    body,
    what,
    deadlineMs: DEADLINE.create,
  });
  const found = await inspectVolume(caller.connection, volume.name);
  if (found === undefined) throw new Failure('gone', `${what}: it was removed at once by somebody`);
  const isSame = found.Driver === volume.driver && equal(found.Options ?? {}, volume.options);
  const isOurs = caller.guard.isOurs(found.Labels) && found.Labels?.[OURS.stack] === labels[OURS.stack];
  if (isSame && isOurs) return;
  throw new Failure(
    'conflict',
    isOurs
      ? `${what}: it exists with another driver or other options`
      : `${what}: a volume of this name exists and is not this stack's`,
    { hint: 'its data is left alone: use it with external: true, or choose another name' },
  );
}

/** Removes a volume of ours; gone already is success. */
export async function removeVolume(caller: Caller, name: string): Promise<void> {
  const what = `remove volume ${name}`;
  const found = await inspectVolume(caller.connection, name);
  if (found === undefined) return;
  if (!caller.guard.isOurs(found.Labels)) throw notOurs(what, `volume ${name}`);
  try {
    await caller.connection.request<unknown>({
      method: 'DELETE',
      path: `/volumes/${encodeURIComponent(name)}`,
      what,
      deadlineMs: DEADLINE.write,
    });
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.status === undefined) throw thrown;
    if ((await inspectVolume(caller.connection, name)) !== undefined) throw thrown;
  }
}
