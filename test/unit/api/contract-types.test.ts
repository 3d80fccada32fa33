import { expectTypeOf, test } from 'vitest';
import type * as contract from '../../../src/api/contract.ts';
import type * as networking from '../../../src/api/net-contract.ts';
import type * as rollouts from '../../../src/api/rollout-contract.ts';
import type * as sources from '../../../src/api/source-contract.ts';
import type * as operations from '../../../src/controller/operations.ts';
import type { NetworkingReport } from '../../../src/isolation/report.ts';
import type { SourceStatus } from '../../../src/model/repository.ts';
import type { StackEvent, StackStatus } from '../../../src/model/status.ts';

type DiffRequest = Parameters<operations.Operations['diff']>[0];

test('every type of the contract equals its original', () => {
  expectTypeOf<contract.Yields<typeof contract.stackStatusSchema>>().toEqualTypeOf<StackStatus>();
  expectTypeOf<contract.Yields<typeof contract.stackEventSchema>>().toEqualTypeOf<StackEvent>();
  expectTypeOf<contract.StackManifestNote>().toEqualTypeOf<operations.StackManifestNote>();
  expectTypeOf<contract.Yields<typeof sources.sourceStatusSchema>>().toEqualTypeOf<SourceStatus>();
  expectTypeOf<contract.PushedManifests>().toEqualTypeOf<operations.PushedManifests>();
  expectTypeOf<contract.ApplyRequest>().branded.toEqualTypeOf<operations.ApplyRequest>();
  expectTypeOf<contract.ApplyResult>().toEqualTypeOf<operations.ApplyResult>();
  expectTypeOf<contract.DiffRequest>().toEqualTypeOf<DiffRequest>();
  expectTypeOf<contract.StackDiff>().toEqualTypeOf<operations.StackDiff>();
  expectTypeOf<contract.StackNotice>().toEqualTypeOf<operations.StackNotice>();
  expectTypeOf<contract.DeleteRequest>().toEqualTypeOf<operations.DeleteRequest>();
  expectTypeOf<rollouts.RevisionNote>().toEqualTypeOf<operations.RevisionNote>();
  expectTypeOf<rollouts.RollbackResult>().toEqualTypeOf<operations.RollbackResult>();
  expectTypeOf<rollouts.RolloutVerb>().toEqualTypeOf<operations.RolloutRequest['verb']>();
  expectTypeOf<
    contract.Yields<typeof networking.networkingSchema>
  >().branded.toEqualTypeOf<NetworkingReport>();
  expectTypeOf<contract.LogsRequest>().toEqualTypeOf<operations.LogsRequest>();
  expectTypeOf<contract.DaemonVersion>().toEqualTypeOf<operations.DaemonVersion>();
  expectTypeOf<contract.ContainerLogLine>().branded.toEqualTypeOf<operations.ContainerLogLine>();
});
