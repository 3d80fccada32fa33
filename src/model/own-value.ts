/**
 * What a record has under a name that somebody wrote. Plain indexing would find what every object inherits:
 * a service called `toString` would seem to be there.
 */
export function ownValue<Value>(
  record: Readonly<Record<string, Value>> | undefined,
  name: string,
): Value | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
