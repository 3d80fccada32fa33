import { readdir, readFile } from 'node:fs/promises';

/** What a process holds at a moment. */
export interface Usage {
  readonly rssMib: number;
  readonly files: number;
  readonly threads: number;
}

export async function usageOf(pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const number = (key: string) =>
    Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
  const files = await readdir(`/proc/${pid}/fd`);
  return { rssMib: number('VmRSS') / 1024, files: files.length, threads: number('Threads') };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
