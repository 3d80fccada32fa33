import { z } from 'zod';
import { listOf, section } from '../../compose/schema/forms.ts';
import { POLICY_LEVELS } from '../../model/admission.ts';
import { API_VERSION, nameSchema } from './envelope.ts';

export const POLICY_KIND = 'PolicyConfiguration';

const level = (description: string) => z.enum(POLICY_LEVELS).optional().meta({ description });

const modes = (description: string) =>
  section({
    enforce: level('A manifest that violates this level is refused; what runs stays as it is.'),
    warn: level('A manifest that violates this level is taken, with a warning.'),
  })
    .optional()
    .meta({ description });

const description =
  'What the operator of a host lets stacks do, by the levels of the Pod Security Standards. A file for `stackctld --policy`, never a manifest.';

/** In the form of Kubernetes’ own PodSecurityConfiguration. */
export const policySchema = section({
  apiVersion: z.literal(API_VERSION).meta({ description: `Always ${API_VERSION}.` }),
  kind: z.literal(POLICY_KIND).meta({ description: `Always ${POLICY_KIND}.` }),
  defaults: modes('For all stacks, where `sources` says nothing else.'),
  sources: section({
    directory: modes('For stacks of the directories that are watched.'),
    applied: modes('For stacks that `stackctl apply` pushed.'),
    git: modes('For stacks of Git repositories.'),
  })
    .optional()
    .meta({ description: 'For the stacks of one kind of source.' }),
  exemptions: section({
    stacks: listOf(nameSchema('The name of a stack.'), 'names of stacks')
      .default([])
      .meta({ description: 'Stacks that may do everything, by name.' }),
  })
    .optional()
    .meta({ description: 'Who is held to nothing.' }),
}).meta({ title: POLICY_KIND, description });
