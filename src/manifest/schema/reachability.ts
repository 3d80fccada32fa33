import { z } from 'zod';
import { listOf, section } from '../../compose/schema/forms.ts';
import { envelope } from './envelope.ts';

export const REACHABILITY_KIND = 'ReachabilityPolicy';

const pattern = (description: string) => z.string().min(1).optional().meta({ description });

const chosen = {
  stack: pattern('The name of a stack; * stands for any text.'),
  service: pattern('The name of a service; * stands for any text.'),
  network: pattern('Whoever is attached to this network, by its name on the engine; * stands for any text.'),
  labels: z
    .record(z.string().min(1), z.string())
    .optional()
    .meta({ description: 'Labels of the stack or the container, all of which must fit.' }),
};

const part = section(chosen).meta({ description: 'Services; everything that is given must fit.' });

const selector = section({
  ...chosen,
  external: z
    .literal(true)
    .optional()
    .meta({ description: 'The world outside of this host, and nothing else.' }),
  host: z.literal(true).optional().meta({ description: 'The host itself, and nothing else.' }),
  except: listOf(part, 'maps with stack, service, network or labels')
    .optional()
    .meta({ description: 'Who is not meant.' }),
});

const selectors = (description: string) =>
  z
    .union([selector, listOf(selector, 'selectors').min(1)], { error: 'a selector, or a list of them' })
    .meta({ description });

const portPattern = /^\d{1,5}(-\d{1,5})?(\/(tcp|udp|sctp))?$/;

const port = z.union([z.number().int().min(1).max(65_535), z.string().regex(portPattern)], {
  error: 'a port such as 5432, 53/udp or 8000-8100',
});

const rule = section({
  name: z.string().min(1).optional().meta({ description: 'What the rule is for; shown when it is broken.' }),
  from: selectors('Who connects.'),
  to: selectors('What is connected to.'),
  ports: listOf(port, 'ports').optional().meta({
    description: 'Ports of the target; without, allow asks for any way at all and deny forbids every one.',
  }),
  action: z.enum(['allow', 'deny']).meta({ description: 'allow: it must be reached. deny: it must not be.' }),
});

const zone = section({
  network: z.string().min(1).meta({ description: 'The network, by its name on the engine.' }),
  external: z.enum(['none', 'ingress', 'egress', 'both']).optional().meta({
    description:
      'egress, both: there is a way out; none, ingress: there is none. ingress, both: ports may be published on it; none, egress: none is.',
  }),
  icc: z.boolean().optional().meta({ description: 'Whether containers on it may talk to each other.' }),
});

const description =
  'What is expected of who can talk to whom. A manifest that breaks it is not applied; `stackctl net test` checks it without an engine.';

export const reachabilitySchema = envelope(
  REACHABILITY_KIND,
  section({
    zones: listOf(zone, 'zones').optional().meta({ description: 'What networks are for.' }),
    rules: listOf(rule, 'rules').optional().meta({ description: 'Who must, and who must not, reach whom.' }),
  }).meta({ description }),
).meta({ title: REACHABILITY_KIND, description });
