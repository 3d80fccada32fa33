import { z } from 'zod';
import { distinctNames, listOf } from './forms.ts';

/** Compose specification, "extra_hosts". */
export const extraHosts = (description: string) =>
  z
    .union(
      [
        z.record(z.string().min(1), z.union([z.string(), listOf(z.string(), 'addresses')])),
        distinctNames('HOST=ADDRESS strings'),
      ],
      { error: 'a map, or a list of HOST=ADDRESS strings' },
    )
    .meta({ description });
