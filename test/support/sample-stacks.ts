import { stackName } from '../../src/model/names.ts';
import type { Condition, ServiceStatus, StackEvent, StackStatus } from '../../src/model/status.ts';

/** The present in tests of what is shown to people: every age is relative to it. */
export const SAMPLE_NOW = Date.parse('2024-05-04T12:00:00.000Z');

export function sampleCondition(change: Partial<Condition> = {}): Condition {
  return {
    type: 'Ready',
    status: 'True',
    reason: 'ReconciliationSucceeded',
    message: 'all 2 services are ready',
    observedGeneration: 3,
    lastTransitionTime: '2024-05-04T11:20:00.000Z',
    ...change,
  };
}

const NGINX = {
  imageId: `sha256:${'7e'.repeat(32)}`,
  imageDigest: `nginx@sha256:${'9c'.repeat(32)}`,
};
/** Built here: no registry knows it. */
const POSTGRES = { imageId: `sha256:${'5d'.repeat(32)}`, imageDigest: undefined };

export function sampleService(change: Partial<ServiceStatus> = {}): ServiceStatus {
  return {
    name: 'web',
    image: 'nginx:1.27',
    ...NGINX,
    desired: 2,
    ready: 2,
    updated: 2,
    restarts: 0,
    health: 'Healthy',
    state: 'Running',
    message: '',
    ports: ['0.0.0.0:8080->80/tcp'],
    networks: ['default'],
    containers: [1, 2].map((ordinal) => ({
      name: `demo-web-${ordinal}`,
      id: `${ordinal}`.repeat(64),
      ...NGINX,
      state: 'running',
      health: 'healthy',
      startedAt: '2024-05-04T09:48:00.000Z',
      addresses: { default: `172.20.0.${ordinal + 1}` },
    })),
    ...change,
  };
}

/** A healthy stack of two services. */
export function sampleStack(change: Partial<StackStatus> = {}): StackStatus {
  return {
    name: stackName('demo'),
    labels: { team: 'web', tier: 'front' },
    source: { kind: 'Applied', name: 'applied', path: '/srv/demo' },
    generation: 3,
    observedGeneration: 3,
    lastAppliedRevision: `sha256:${'0a1b2c3d'.repeat(8)}`,
    lastAttemptedRevision: `sha256:${'0a1b2c3d'.repeat(8)}`,
    sync: 'Synced',
    health: 'Healthy',
    conditions: [
      sampleCondition(),
      sampleCondition({ type: 'Healthy', reason: 'Healthy', message: 'every container is healthy' }),
    ],
    services: [
      sampleService(),
      sampleService({
        name: 'db',
        image: 'postgres:16',
        ...POSTGRES,
        desired: 1,
        ready: 1,
        updated: 1,
        restarts: 1,
        ports: [],
        containers: [
          {
            name: 'demo-db-1',
            id: '3'.repeat(64),
            ...POSTGRES,
            state: 'running',
            health: 'healthy',
            startedAt: '2024-05-01T10:00:00.000Z',
            addresses: { default: '172.20.0.4', backend: '172.21.0.2' },
          },
        ],
        networks: ['default', 'backend'],
      }),
    ],
    networks: [
      {
        name: 'demo_default',
        key: 'default',
        driver: 'bridge',
        subnets: ['172.20.0.0/16'],
        internal: false,
        icc: true,
        external: false,
        state: 'Present',
        attached: 3,
      },
      {
        name: 'demo_backend',
        key: 'backend',
        driver: 'bridge',
        subnets: ['172.21.0.0/24', 'fd00:21::/64'],
        internal: true,
        icc: false,
        external: false,
        state: 'Drifted',
        attached: 1,
      },
    ],
    volumes: [{ name: 'demo_data', key: 'data', driver: 'local', external: false, state: 'Present' }],
    problems: [],
    pending: [],
    history: [
      {
        revision: `sha256:${'0a1b2c3d'.repeat(8)}`,
        generation: 3,
        firstAppliedAt: '2024-05-04T11:19:00.000Z',
        lastAppliedAt: '2024-05-04T11:20:00.000Z',
        outcome: 'Applied',
      },
      {
        revision: `sha256:${'99887766'.repeat(8)}`,
        generation: 2,
        firstAppliedAt: '2024-05-03T11:19:00.000Z',
        lastAppliedAt: '2024-05-03T11:20:00.000Z',
        outcome: 'RolledBack',
      },
    ],
    suspended: false,
    nextLookAt: '2024-05-04T12:00:30.000Z',
    createdAt: '2024-05-01T09:00:00.000Z',
    ...change,
  };
}

/** A stack that waits for its manifest to be mended. */
export function brokenStack(): StackStatus {
  return sampleStack({
    name: stackName('shop'),
    labels: { team: 'shop' },
    source: { kind: 'Directory', name: 'stacks', path: '/srv/stacks/shop/compose.yaml' },
    generation: 2,
    observedGeneration: 2,
    lastAppliedRevision: undefined,
    sync: 'OutOfSync',
    health: 'Degraded',
    conditions: [
      sampleCondition({
        status: 'False',
        reason: 'ImagePullFailed',
        message: 'image shop/api:9 is not in the registry; correct services.api.image',
        observedGeneration: 2,
      }),
      sampleCondition({
        type: 'Stalled',
        reason: 'ImagePullFailed',
        message: 'the image is missing',
        observedGeneration: 2,
      }),
    ],
    services: [
      sampleService({
        name: 'api',
        image: 'shop/api:9',
        imageId: undefined,
        imageDigest: undefined,
        desired: 1,
        ready: 0,
        updated: 0,
        restarts: 4,
        health: 'Degraded',
        state: 'ImagePullBackOff',
        message: 'pull access denied for shop/api',
        ports: [],
        containers: [],
      }),
    ],
    networks: [],
    volumes: [],
    pending: ['1 pull-image shop/api:9 (Missing)', '2 create-container shop-api-1 (Missing) after 1'],
    history: [],
    problems: [
      {
        severity: 'warning',
        code: 'UnsupportedField',
        message: 'links are read but have no effect',
        hint: 'use networks',
        path: 'services.api.links',
        at: { file: '/srv/stacks/shop/compose.yaml', line: 7, column: 5 },
      },
    ],
    nextLookAt: undefined,
    createdAt: '2024-05-04T11:55:10.000Z',
  });
}

export function sampleEvent(change: Partial<StackEvent> = {}): StackEvent {
  return {
    stack: stackName('demo'),
    type: 'Normal',
    reason: 'Started',
    object: 'container/demo-web-1',
    message: 'started',
    count: 1,
    firstAt: '2024-05-04T09:48:00.000Z',
    lastAt: '2024-05-04T09:48:00.000Z',
    sequence: 1,
    ...change,
  };
}
