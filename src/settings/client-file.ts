import { z } from 'zod';
import type { Problem } from '../model/problem.ts';
import { parseDocument } from './file.ts';

const path = (description: string) =>
  z.string({ error: 'a path' }).min(1, { error: 'a path' }).optional().meta({ description });

/** What `stackctl` remembers of the daemon that it calls. */
const clientSchema = z.strictObject({
  host: z
    .string({ error: 'an address such as https://host:8443' })
    .optional()
    .meta({ description: 'a stackctld elsewhere: https://HOST:PORT' }),
  socket: path('the socket of a stackctld on this host'),
  tokenFile: path('the token for `host`'),
  certificateAuthority: path('who signed its certificate, in PEM'),
});

export type ClientValues = z.output<typeof clientSchema>;

/** Reads the client's file. Paths are as written. Never throws. */
export function parseClientFile(
  file: string,
  text: string,
): { readonly values: ClientValues; readonly problems: readonly Problem[] } {
  const { value, problems } = parseDocument(file, text, clientSchema);
  return { values: problems.length > 0 || value === undefined ? {} : clientSchema.parse(value), problems };
}
