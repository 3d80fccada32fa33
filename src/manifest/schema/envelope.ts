import { z } from 'zod';
import { section } from '../../compose/schema/forms.ts';

/** The group of our kinds; `apiVersion` is GROUP/VERSION. */
export const GROUP = 'stackctl.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Names are Compose project names, so that docker compose and the engine take them as they are. */
export const namePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

export const nameSchema = (description: string) =>
  z
    .string()
    .regex(namePattern, {
      error: 'up to 63 lower-case letters, digits, "-" and "_", starting with a letter or a digit',
    })
    .meta({ description });

const notes = (description: string) =>
  z.record(z.string().min(1), z.string()).default({}).meta({ description });

export const metadataSchema = section({
  name: nameSchema(
    'What the object is called; containers, networks and volumes of a stack are named after it.',
  ),
  labels: notes('For selecting stacks: `stackctl get -l KEY=VALUE`.'),
  annotations: notes('Notes for people and tools.'),
}).meta({ description: 'What the object is called.' });

/** A document of ours: `{apiVersion, kind, metadata, spec}`. */
export const envelope = <Kind extends string, Spec extends z.ZodType>(kind: Kind, spec: Spec) =>
  section({
    apiVersion: z.literal(API_VERSION).meta({ description: `Always ${API_VERSION}.` }),
    kind: z.literal(kind).meta({ description: `Always ${kind}.` }),
    metadata: metadataSchema,
    spec,
  });
