import type { z } from 'zod';
import { POLICY_KIND, policySchema } from './policy.ts';
import { REACHABILITY_KIND, reachabilitySchema } from './reachability.ts';
import { REPOSITORY_KIND, repositorySchema } from './repository.ts';
import { stackSchema } from './stack.ts';

/** A column of `kubectl get` in the words of a CustomResourceDefinition. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** Above 0: only in wide tables. */
  readonly priority?: number;
}

/** Everything about a kind that its users see. */
export interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly schema: z.ZodType;
  readonly columns: readonly PrinterColumn[];
}

/** The kinds there are, for the generated schemas; in a manifest the operator’s policy may not stand. */
export const KINDS: readonly KindDefinition[] = [
  {
    kind: 'Stack',
    plural: 'stacks',
    singular: 'stack',
    shortNames: ['stk'],
    schema: stackSchema,
    columns: [
      {
        name: 'Ready',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Ready")].status',
        description: 'Whether everything is as the manifest wants it.',
      },
      { name: 'Sync', type: 'string', jsonPath: '.status.sync', description: 'Synced or OutOfSync.' },
      {
        name: 'Health',
        type: 'string',
        jsonPath: '.status.health',
        description: 'Healthy, Progressing, Degraded, Missing or Suspended.',
      },
      {
        name: 'Reason',
        type: 'string',
        jsonPath: '.status.conditions[?(@.type=="Ready")].message',
        description: 'Why it is not ready.',
        priority: 1,
      },
      {
        name: 'Revision',
        type: 'string',
        jsonPath: '.status.lastAppliedRevision',
        description: 'What was applied last.',
        priority: 1,
      },
      {
        name: 'Age',
        type: 'date',
        jsonPath: '.metadata.creationTimestamp',
        description: 'Since when the stack is known.',
      },
    ],
  },
  {
    kind: REPOSITORY_KIND,
    plural: 'gitrepositories',
    singular: 'gitrepository',
    shortNames: ['gitrepo'],
    schema: repositorySchema,
    columns: [
      { name: 'URL', type: 'string', jsonPath: '.spec.url', description: 'Where the repository is.' },
      { name: 'Revision', type: 'string', jsonPath: '.status.revision', description: 'What is in force.' },
      {
        name: 'Ready',
        type: 'string',
        jsonPath: '.status.ready',
        description: 'Whether it could be fetched.',
      },
      {
        name: 'Reason',
        type: 'string',
        jsonPath: '.status.message',
        description: 'Why it is not ready.',
        priority: 1,
      },
    ],
  },
  {
    kind: REACHABILITY_KIND,
    plural: 'reachabilitypolicies',
    singular: 'reachabilitypolicy',
    shortNames: ['reach'],
    schema: reachabilitySchema,
    columns: [],
  },
  {
    kind: POLICY_KIND,
    plural: 'policyconfigurations',
    singular: 'policyconfiguration',
    shortNames: [],
    schema: policySchema,
    columns: [],
  },
];
