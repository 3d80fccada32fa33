import { baseline, type Refusal } from './refusal.ts';

/** What of a create body can be too much. */
export interface BoundedBody {
  readonly Env?: readonly string[];
  /** Seconds. */
  readonly StopTimeout?: number;
  /** Nanoseconds. */
  readonly Healthcheck?: { readonly Interval?: number; readonly StartInterval?: number };
  readonly HostConfig?: { readonly PortBindings?: Readonly<Record<string, readonly unknown[]>> };
}

/** Bounds of one container; how many there are only the manifest tells. */
export function boundRefusals({ Env = [], StopTimeout = 0, Healthcheck = {}, HostConfig = {} }: BoundedBody) {
  const bound = Object.values(HostConfig.PortBindings ?? {}).flat().length;
  const second = 1_000_000_000;
  const isBusy = [Healthcheck.Interval ?? 0, Healthcheck.StartInterval ?? 0].some(
    (each) => each > 0 && each < second,
  );
  const broken: readonly (readonly [boolean, string])[] = [
    [bound > 256, 'more than 256 ports'],
    [Env.length > 1000, 'more than 1000 variables'],
    [Env.some((entry) => entry.slice(entry.indexOf('=') + 1).length > 65_536), 'a variable that is too long'],
    [StopTimeout > 600, 'more than 10 minutes to stop'],
    [isBusy, 'a check more often than each second'],
  ];
  return broken.flatMap(([isBroken, what]): readonly Refusal[] =>
    isBroken ? [baseline('resource-bounds', `it asks for ${what}`)] : [],
  );
}
