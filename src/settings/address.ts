import { z } from 'zod';
import { parseTcpAddress, type TcpAddress } from '../model/tcp-address.ts';
import type { Naming, Setting } from './setting.ts';

const EXPECTED = 'an address to listen on, such as 127.0.0.1:8443';

/** Where to listen; undefined: nowhere. */
export function address(naming: Naming): Setting<TcpAddress | undefined> {
  return {
    ...naming,
    isList: false,
    initial: undefined,
    shownDefault: undefined,
    schema: z
      .string({ error: EXPECTED })
      .refine((text) => parseTcpAddress(text) !== undefined, { error: EXPECTED })
      .meta({ description: naming.summary }),
    read: ([text = '']) => {
      const value = parseTcpAddress(text);
      return value === undefined ? { expected: EXPECTED } : { value };
    },
  };
}
