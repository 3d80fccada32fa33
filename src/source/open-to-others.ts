import { stat } from 'node:fs/promises';

/** Whether anybody on this host may change what is in a directory; false for one that cannot be looked at. */
export async function isOpenToOthers(directory: string): Promise<boolean> {
  return stat(directory).then(
    ({ mode }) => (mode & 0o002) !== 0,
    () => false,
  );
}
