import { asFailure, Failure } from '../model/failure.ts';
import { sharedVolumes } from '../plan/deletion.ts';
import { asOurs } from '../plan/recognise.ts';
import type { CatalogEntry } from './catalog-entry.ts';
import type { Controller } from './controller.ts';
import type { HeldDeletion } from './deletion-guard.ts';
import type { DeleteRequest, DeleteResult } from './operations.ts';
import { tombstoneOf } from './source-reader.ts';
import { isToBeSeen, type StackRecord } from './stack-record.ts';

/** How long somebody who deletes waits for sources to be read, or for the engine. */
const READING_MS = 15_000;

/**
 * `stackctl delete`. What was applied over the manifest of another source is handed back to that one; of what a source
 * has, only a deletion that the guard holds back can be let go. `refuseUnknown` throws for a name that nobody knows.
 */
export async function deleteStack(
  controller: Controller,
  request: DeleteRequest,
  refuseUnknown: () => void,
): Promise<DeleteResult> {
  const { ports, records, catalog, sources } = controller;
  if (!(await controller.whenScanned(AbortSignal.timeout(READING_MS)))) {
    throw new Failure('refused', 'the sources have not been read yet, so nobody knows whose the stack is', {
      hint: 'try again when `stackctl get sources` shows them',
    });
  }
  await readAgain(controller, request.name);
  const applied = { kind: 'applied', name: ports.applied.name } as const;
  const entry = catalog.get(request.name);
  const next = catalog.elsewhere(applied, request.name);
  if (next !== undefined && catalog.entryOf(applied, request.name) !== undefined) {
    return handBack(controller, request, next);
  }
  const held = sources.held.find(({ name }) => name === request.name);
  if (entry !== undefined && entry.origin.kind !== 'applied') refuseManaged(request, entry, held);
  if (entry === undefined && !isToBeSeen(records.get(request.name))) {
    const owned = await ports.engine.ownedStacks(AbortSignal.timeout(READING_MS));
    if (!owned.some((name) => name === request.name)) refuseUnknown();
  }
  const record = records.ensure(request.name);
  if (request.volumes) await refuseSharedVolumes(controller, record);
  const nowMs = ports.clock.nowMs();
  const wanted = tombstoneOf(
    entry,
    held === undefined ? 'deleted by command' : 'its deletion was confirmed',
    nowMs,
  );
  // A command is meant; what the source lets go goes as its manifest said.
  const orphan = held !== undefined && wanted.orphan && !request.volumes;
  await sources.betweenReadings(ports.applied, async () => {
    await records.bury(record, { ...wanted, volumes: request.volumes, orphan });
    // The tombstone is on disk: from here on the manifest may go.
    await ports.applied.remove(request.name);
    catalog.dropFrom(applied, request.name);
  });
  controller.ask(request.name);
  return { handedTo: undefined };
}

/**
 * Nothing of a stack goes when its volumes cannot. Without an answer of the engine nobody knows, and the deletion itself
 * waits for whoever has one.
 */
async function refuseSharedVolumes({ ports, records }: Controller, record: StackRecord): Promise<void> {
  const { name, adopted } = record;
  const query = { stack: name, project: name, networkNames: [], imageRefs: [] };
  const seen = await ports.engine.observe(query, AbortSignal.timeout(READING_MS)).catch((thrown: unknown) => {
    if (asFailure(thrown).kind === 'unreachable') return undefined;
    throw thrown;
  });
  if (seen === undefined) return;
  const isGoing = (stack: string) => records.get(stack)?.tombstone !== undefined;
  const shared = sharedVolumes(name, adopted ? asOurs(seen, name, name) : seen, isGoing);
  if (shared.length === 0) return;
  const told = shared.map((volume) => `volume ${volume.name} is used by ${volume.user}`).join(', ');
  throw new Failure('conflict', `nothing of stack ${name} was removed: ${told}`, {
    hint: `delete who uses it first, or leave out --volumes: \`stackctl delete ${name}\` keeps the volumes`,
  });
}

/** Whoever removes a manifest and deletes its stack at once must not be told that the manifest is still there. */
async function readAgain({ ports, catalog, sources, repositories }: Controller, name: string): Promise<void> {
  const origin = catalog.get(name)?.origin;
  const all = [...ports.sources, ...repositories.sources];
  const source = all.find((each) => each.kind === origin?.kind && each.name === origin?.name);
  if (source !== undefined && source !== ports.applied)
    await sources.read(source, AbortSignal.timeout(READING_MS));
}

async function handBack(
  controller: Controller,
  { name, volumes }: DeleteRequest,
  { origin, manifest }: CatalogEntry,
): Promise<DeleteResult> {
  const { ports, catalog, sources } = controller;
  const path = manifest.at.file;
  if (volumes) {
    throw new Failure('conflict', `stack ${name} goes back to ${path}, and keeps its volumes`, {
      hint: 'without --volumes it is handed back; to remove it with its data, remove that manifest first',
    });
  }
  await sources.betweenReadings(ports.applied, async () => {
    await ports.applied.remove(name);
    catalog.dropFrom({ kind: 'applied', name: ports.applied.name }, name);
  });
  controller.ask(name);
  return { handedTo: { kind: origin.kind, name: origin.name, path } };
}

function refuseManaged(
  { name, confirm }: DeleteRequest,
  entry: CatalogEntry,
  held: HeldDeletion | undefined,
): void {
  if (held === undefined) {
    throw new Failure('conflict', `stack ${name} is managed from ${entry.manifest.at.file}`, {
      hint: 'remove its manifest there, or the stack would come back; `stackctl suspend` leaves it alone for a while',
    });
  }
  if (confirm) return;
  throw new Failure(
    'conflict',
    `the deletion of stack ${name} is held back: ${held.message.split('; ', 1)[0]}`,
    {
      hint: `\`stackctl delete ${name} --confirm\` deletes it all the same; \`stackctl describe stack ${name}\` says what else can be done`,
    },
  );
}
