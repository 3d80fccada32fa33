import equal from 'fast-deep-equal';
import type { TracedWish, TracingLoader } from '../../../src/controller/in-process-loader.ts';

/**
 * Thousands of cases begin with the same few manifests, and understanding them is a pure function of their texts and
 * of the files that they refer to: the answers are kept for all cases. The stamp of a file must name its content.
 */
export function memoised(loader: TracingLoader): TracingLoader {
  return {
    find: async (files, signal) => {
      const key = JSON.stringify(files);
      const known = found.get(key) ?? (await loader.find(files, signal));
      found.set(key, known);
      return known;
    },
    resolve: async (stack, engine, admission, signal) => {
      const key = JSON.stringify([stack.name, stack.texts, engine, admission]);
      const candidates = resolved.get(key) ?? [];
      for (const wish of candidates) if (await isAsRead(wish, loader, signal)) return wish;
      const wish = await loader.resolve(stack, engine, admission, signal);
      if (wish.reads !== undefined) resolved.set(key, [...candidates, wish]);
      return wish;
    },
    looks: (paths, signal) => loader.looks(paths, signal),
  };
}

async function isAsRead(
  { reads = [] }: TracedWish,
  loader: TracingLoader,
  signal: AbortSignal,
): Promise<boolean> {
  const looks = await loader.looks(
    reads.map((read) => read.path),
    signal,
  );
  return reads.every((read, index) => equal(read.look, looks[index]));
}

const found = new Map<string, Awaited<ReturnType<TracingLoader['find']>>>();
const resolved = new Map<string, readonly TracedWish[]>();
