/**
 * A value as JSON keeps it, frozen deeply: what is read can be handed out without a copy, and nobody changes by
 * accident what is kept. Undefined when the value has no JSON form.
 */
export function asStored(value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? undefined : freeze(JSON.parse(text));
}

export function freeze(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
