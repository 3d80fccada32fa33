// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the corpus has a placeholder of its own
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { observedContainer } from '../../../src/engine/docker/container-response.ts';
import { observedNetwork, observedVolume } from '../../../src/engine/docker/responses.ts';
import type { WireContainer, WireNetwork, WireVolume } from '../../../src/engine/docker/wire.ts';
import type { DesiredStack } from '../../../src/model/desired.ts';
import { EMPTY_MEMORY } from '../../../src/model/memory.ts';
import { imageId, networkId } from '../../../src/model/names.ts';
import type { EngineInfo, Observed } from '../../../src/model/observed.ts';
import { makePlan } from '../../../src/plan/plan.ts';
import { recognise } from '../../../src/plan/recognise.ts';
import { renderPlan } from '../../../src/plan/render.ts';
import {
  CORPUS,
  type InspectedDocument,
  type Json,
  mapTexts,
  readInspected,
  withoutCorpus,
} from '../../support/corpus.ts';
import { desiredOf } from '../../support/corpus-stack.ts';
import { ADOPTIONS } from '../../support/known-differences.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const IMAGE = `sha256:${digest('image')}`;
/** All that the corpus's image says (its README). */
const IMAGE_CONFIG = {
  Cmd: ['sleep', '9999'],
  Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
};
const ENGINES = {
  '28.5.2': '1.51',
  '20.10.24': '1.41',
} as const;

const State = { Status: 'running', Running: true, StartedAt: '2026-01-01T00:00:01Z' };

/** The engine as docker compose left it, with something where the corpus has masks. */
function leftByCompose(document: InspectedDocument, desired: DesiredStack, engine: EngineInfo): Observed {
  const ids = new Map(document.networks.map((network) => [network['Name'], digest(`${network['Name']}`)]));
  return {
    engine,
    containers: document.containers.map((container) => {
      const id = digest(`${container['Name']}`);
      const wire = mapTexts(container, (text) =>
        text
          .replace(/^[0-9a-f]{12}$/, '<short-id>')
          .replaceAll('<short-id>', id.slice(0, 12))
          .replaceAll('<ID64>', id)
          .replaceAll('${CORPUS}', CORPUS),
      );
      const more = { Id: id, Image: IMAGE, Created: '2026-01-01T00:00:00Z', State };
      const context = { instance: 'i1', imageConfig: IMAGE_CONFIG, imageDigests: [], staleBinds: [] };
      const seen = observedContainer({ ...wire, ...more } as unknown as WireContainer, context);
      // One that runs is on its networks by their ids.
      const attachments = seen.attachments.map((each) => {
        const known = ids.get(each.networkName);
        return { ...each, networkId: each.networkId ?? (known === undefined ? undefined : networkId(known)) };
      });
      return { ...seen, attachments };
    }),
    others: [],
    networks: document.networks.map((network) => {
      const ipam = network['IPAM'] as Json;
      const Config =
        ipam['Config'] === '<auto>' ? [{ Subnet: '172.31.0.0/16', Gateway: '172.31.0.1' }] : ipam['Config'];
      const wire = { ...network, Id: ids.get(network['Name']), IPAM: { ...ipam, Config } };
      return observedNetwork(wire as unknown as WireNetwork, 'i1');
    }),
    volumes: document.volumes.map((volume) => observedVolume(volume as unknown as WireVolume, 'i1')),
    images: Object.fromEntries(
      desired.images.map(({ ref }) => [
        ref,
        {
          ...{ id: imageId(IMAGE), ref, volumes: [], hasHealthcheck: false, exposedPorts: [] },
          ...{ labels: {}, repoDigests: [], createdAtMs: 0 },
        },
      ]),
    ),
    hostSubnets: [],
  };
}

/** What adopting it would do, when all of it runs. */
function adoption(document: InspectedDocument, engine: EngineInfo): readonly string[] | undefined {
  const { desired } = desiredOf(document, engine);
  if (desired === undefined) return undefined;
  const seen = leftByCompose(document, desired, engine);
  const context = {
    ...{ nowMs: Date.parse('2026-01-01T01:00:00Z'), memory: EMPTY_MEMORY, instance: 'i1', version: 'test' },
    ...{ readyStacks: {}, isAdopted: true },
  };
  const known = recognise(desired, seen, context);
  const plan = makePlan(desired, known.observed, known.context);
  const differences = [...(known.context.differences?.values() ?? [])].map((each) => JSON.stringify(each));
  return [...differences, ...renderPlan(plan)];
}

describe.skipIf(withoutCorpus()).each(Object.entries(ENGINES))(
  'what docker compose made on Engine %s',
  (version, apiVersion) => {
    const engine: EngineInfo = {
      id: 'e',
      version,
      apiVersion,
      swarmActive: false,
      rootDirectory: '/var/lib/docker',
    };

    it('is taken over as it is, whatever the document', () => {
      const documents = readInspected(version as keyof typeof ENGINES);
      const known = documents.filter(({ file }) => ADOPTIONS[file] === undefined);
      const changed = known.flatMap((document) => {
        const plan = adoption(document, engine);
        return plan === undefined || plan.length === 0 ? [] : [{ file: document.file, plan }];
      });
      expect(changed).toEqual([]);
    });
  },
);
