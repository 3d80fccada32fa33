/** A mistake that somebody might make, and who is to notice it. */
export interface SeededBug {
  /** What the program does wrong with it. */
  readonly name: string;
  /** Below `src/`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  readonly caughtBy: {
    readonly file: string;
    /** Only tests with this in their name; all, when it is left out. */
    readonly test?: string;
  };
}

const CRASHES = 'test/simulation/crash-points.test.ts';
const FAULTS = 'test/simulation/call-faults.test.ts';
const EDITS = 'test/simulation/edits.test.ts';
const COMMANDS = 'test/simulation/commands.test.ts';
const DISTURBED = 'test/simulation/disturbed.test.ts';

/** What the suites must catch; a test sees to it that they do. */
export const SEEDED_BUGS: readonly SeededBug[] = [
  {
    name: 'what a stack was made from is not on disk before it is made',
    file: 'controller/stack-record.ts',
    find: 'record.source = source;\n    await this.#save(record);',
    replace: 'record.source = source;',
    caughtBy: { file: CRASHES, test: 'removed while it is deployed' },
  },
  {
    name: 'a deleted stack is forgotten before it is gone',
    file: 'controller/deletion-pass.ts',
    find: 'plan.steps.length === 0 && plan.blockers.length === 0',
    replace: 'plan.steps.length >= 0',
    caughtBy: { file: CRASHES, test: 'manifest removed' },
  },
  {
    name: 'a deletion trusts its first look',
    file: 'controller/deletion-pass.ts',
    find: 'const laid = state.records.lay(record);',
    replace: 'return forget(record, state);',
    caughtBy: { file: FAULTS, test: 'applied and deleted' },
  },
  {
    name: 'labels are trusted, whoever put them there',
    file: 'plan/recognise.ts',
    find: 'if (isLabelled && live.specHash !== wanted.specHash) return live;',
    replace: 'if (isLabelled) return live;',
    caughtBy: { file: FAULTS, test: 'copied by another program' },
  },
  {
    name: 'a deletion takes the volumes along',
    file: 'controller/deletion-pass.ts',
    find: '{ volumes: tombstone.volumes }',
    replace: '{ volumes: true }',
    caughtBy: { file: CRASHES, test: 'manifest removed' },
  },
  {
    name: 'a tombstone is not written',
    file: 'controller/stack-record.ts',
    find: "await this.#store.write('tombstone', record.name, tombstone);\n    record.tombstone = tombstone;",
    replace: 'record.tombstone = tombstone;',
    caughtBy: { file: CRASHES, test: 'applied and deleted' },
  },
  {
    name: 'the end of a deletion takes along what was applied meanwhile',
    file: 'controller/deletion-pass.ts',
    find: "if (!isNoted || record.tombstone === undefined) return { kind: 'again' };",
    replace: '',
    caughtBy: { file: 'test/sim/asked-amid-pass.test.ts' },
  },
  {
    name: 'a pass goes on with what is not wanted any more',
    file: 'controller/pass-state.ts',
    find: 'isWanted: () => record.generation === generation && record.tombstone === tombstone,',
    replace: 'isWanted: () => true,',
    caughtBy: { file: 'test/sim/asked-amid-pass.test.ts' },
  },
  {
    name: 'a deletion that was called off goes on',
    file: 'controller/stack-record.ts',
    find: 'record.tombstone = undefined;\n    record.goneAtMs = undefined;\n    try {',
    replace: 'try {',
    caughtBy: { file: COMMANDS, test: 'a rollout' },
  },
  {
    name: 'what is remembered may be later than now',
    file: 'plan/scope.ts',
    find: 'Math.min(atMs, nowMs)',
    replace: 'atMs',
    caughtBy: { file: 'test/sim/clock-set-back.test.ts' },
  },
  {
    name: 'a directory that is missing counts as one that was read',
    file: 'controller/source-reader.ts',
    find: 'trusted: reading.scan.trusted,',
    replace: 'trusted: true,',
    caughtBy: { file: EDITS, test: 'environment changed' },
  },
  {
    name: 'a deletion has no grace',
    file: 'controller/deletion-guard.ts',
    find: 'if (scans >= limits.scans && nowMs >= endsAtMs) return undefined;',
    replace: 'if (scans >= 1) return undefined;',
    caughtBy: { file: EDITS, test: 'environment changed' },
  },
  {
    name: 'a broken file takes its stack away',
    file: 'controller/catalog.ts',
    find: 'entries.set(name, { ...kept, problems: broken.problems });\n      into.present.add(name);',
    replace: 'entries.delete(name);',
    caughtBy: { file: EDITS, test: 'environment changed' },
  },
  {
    name: 'a stack is not looked at again without an event',
    file: 'controller/pass.ts',
    find: 'const resync = Math.min(resyncMs, entry.manifest.control.intervalMs);',
    replace: 'const resync = Math.max(resyncMs, entry.manifest.control.intervalMs) * 100_000;',
    caughtBy: { file: DISTURBED, test: 'drift: removed' },
  },
  {
    name: 'after a call that nobody answered a stack is forgotten',
    file: 'controller/controller.ts',
    find: 'if (this.#engineInfo !== undefined) this.queue.addRateLimited(name);',
    replace: '',
    caughtBy: { file: FAULTS, test: 'image changed' },
  },
  {
    name: 'an engine that comes back is not looked at',
    file: 'controller/controller.ts',
    find: 'this.#probed = true;\n    this.#engineInfo = info;',
    replace: 'this.#probed = true;\n    this.#engineInfo = info;\n    if (this.#looked.size > 0) return;',
    caughtBy: { file: FAULTS, test: 'drift: engine restarted' },
  },
  {
    name: 'the old container is not stopped before the new one starts',
    file: 'plan/replace.ts',
    find: 'const stopped = startFirst ? [] : stopContainer(scope, old, slot.service, because, created.steps, gate);',
    replace: 'const stopped: never[] = [];',
    caughtBy: { file: CRASHES, test: 'image changed' },
  },
  {
    name: 'surplus containers of a place stay',
    file: 'plan/services.ts',
    find: "for (const duplicate of duplicates) removeContainer(scope, duplicate, cause('Duplicate'), []);",
    replace: '',
    caughtBy: { file: 'test/simulation/disturbed.test.ts' },
  },
  {
    name: 'what is good for nothing stays',
    file: 'plan/services.ts',
    find: "for (const useless of slot.useless) removeContainer(scope, useless, cause('Orphaned'), []);",
    replace: '',
    caughtBy: { file: CRASHES, test: 'drift: left dead' },
  },
  {
    name: 'containers of a service that is gone stay',
    file: 'plan/prune.ts',
    find: "if (!isWanted(scope, live)) removeContainer(scope, live, cause('Orphaned'), []);",
    replace: '',
    caughtBy: { file: CRASHES, test: 'service removed' },
  },
  {
    name: 'a changed spec is not noticed',
    file: 'plan/slots.ts',
    find: 'if (live.specHash !== desired.specHash) {',
    replace: 'if (live.specHash === undefined) {',
    caughtBy: { file: CRASHES, test: 'environment changed' },
  },
  {
    name: 'an image that moved on is not noticed',
    file: 'plan/slots.ts',
    find: 'if (image !== undefined && image.id !== live.imageId) return imageChanged(image, live);',
    replace: '',
    caughtBy: { file: CRASHES, test: 'drift: image moved on' },
  },
  {
    name: 'who shares the namespace of a container that was replaced is kept',
    file: 'plan/slots.ts',
    find: "if (shared.length > 0) return cause('DependencyReplaced', shared);",
    replace: '',
    caughtBy: { file: CRASHES, test: 'shared network namespace' },
  },
  {
    name: 'the mount of a volume that nobody named gets no name',
    file: 'plan/create.ts',
    find: 'anonymousVolumes: Object.fromEntries(anonymous.map((volume) => [volume.key, volume.name])),',
    replace: 'anonymousVolumes: {},',
    caughtBy: { file: CRASHES, test: 'mount added' },
  },
  {
    name: 'a surplus attachment stays',
    file: 'plan/attach.ts',
    find: 'for (const surplus of surplusOf(scope, desired, live)) {',
    replace: 'for (const surplus of surplusOf(scope, desired, live).slice(0, 0)) {',
    caughtBy: { file: CRASHES, test: 'drift: connected to another' },
  },
  {
    name: 'a lost alias is not noticed',
    file: 'plan/drift.ts',
    find: 'lost.length > 0 || aliases(desired.aliases).join() !== aliases(live.aliases).join()',
    replace: 'lost.length > 100',
    caughtBy: { file: CRASHES, test: 'alias added' },
  },
  {
    name: 'a restart policy that was changed by hand stays',
    file: 'plan/drift.ts',
    find: 'changes.push(...restartPolicyDrift(desired.restartPolicy, live.restartPolicy));',
    replace: '',
    caughtBy: { file: CRASHES, test: 'restart policy changed' },
  },
  {
    name: 'a network that lost its isolation stays',
    file: 'plan/drift.ts',
    find: "...change('internal', live.internal, desired.internal),",
    replace: '',
    caughtBy: { file: CRASHES, test: 'drift: network made again' },
  },
  {
    name: 'a guest of a network that is made again is forgotten in a crash',
    file: 'plan/guests.ts',
    find: 'scope.memory.guests[network] = { ...scope.memory.guests[network], [guest.id]: settings };',
    replace: '',
    caughtBy: { file: CRASHES, test: 'network made again under a guest' },
  },
  {
    name: 'a paused container stays paused',
    file: 'plan/maintain.ts',
    find: "case 'paused':\n      repairAttachments(scope, slot.container, live);",
    replace:
      "case 'paused':\n      return UNDISTURBED;\n      repairAttachments(scope, slot.container, live);",
    caughtBy: { file: CRASHES, test: 'drift: paused' },
  },
  {
    name: 'a container with another name keeps it',
    file: 'plan/maintain.ts',
    find: 'repairName(scope, slot, live);',
    replace: '',
    caughtBy: { file: CRASHES, test: 'drift: renamed' },
  },
  {
    name: 'a job that is done is run again',
    file: 'plan/verdict.ts',
    find: 'if (slot.service.isJob) return true;',
    replace: 'if (slot.service.isJob) return false;',
    caughtBy: { file: CRASHES, test: 'job before a service' },
  },
  {
    name: 'a start that the engine called off is blamed on the revision',
    file: 'plan/engine-faults.ts',
    find: "'context canceled',",
    replace: "'never said',",
    caughtBy: { file: CRASHES, test: 'image changed' },
  },
  {
    name: 'what becomes due while its pass runs is forgotten',
    file: 'controller/queue.ts',
    find: 'this.#dirty.set(key, dueAtMs);\n      return;',
    replace: 'return;',
    caughtBy: { file: 'test/property/queue.test.ts' },
  },
  {
    name: 'one stack has two passes at once',
    file: 'controller/queue.ts',
    find: 'if (this.#running.has(key)) {',
    replace: 'if (this.#running.size < 0) {',
    caughtBy: { file: 'test/property/queue.test.ts' },
  },
  {
    name: 'a file that is torn is believed',
    file: 'store/document.ts',
    find: " || document['checksum'] !== checksum(name, JSON.stringify(value))",
    replace: '',
    caughtBy: { file: 'test/property/store.test.ts' },
  },
  {
    name: 'networks of a deleted stack are removed under those who use them',
    file: 'plan/deletion.ts',
    find: 'if (strangers.length === 0) {',
    replace: 'if (strangers.length >= 0) {',
    caughtBy: { file: 'test/unit/plan/deletion.test.ts' },
  },
  {
    name: 'health counts while a container is paused',
    file: 'plan/heal.ts',
    find: "if (live.state !== 'running' || live.health?.status !== 'unhealthy' || !isFresh(live, nowMs)) {",
    replace: "if (live.health?.status !== 'unhealthy') {",
    caughtBy: { file: 'test/unit/plan/heal.test.ts' },
  },
  {
    name: 'the same repair goes on for ever',
    file: 'plan/repeats.ts',
    find: 'if (times < REPEATS_BEFORE_STALL) return false;',
    replace: 'if (times >= 0) return false;',
    caughtBy: { file: 'test/unit/plan/repeats.test.ts' },
  },
];
