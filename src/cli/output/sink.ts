/** Where a command writes. */
export interface Sink {
  readonly isTerminal: boolean;
  /** Of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
  /** Resolves when more may be written, so that a slow reader slows us down and nothing piles up. */
  write(text: string): Promise<void>;
}

/** What `process.stdout` has and a test can give. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string, done: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** `onClosed` is called when the reader has gone (`stackctl logs demo | head`); what is written then is dropped. */
export function createSink(stream: OutputStream, onClosed: () => void): Sink {
  let open = true;
  const close = (): void => {
    if (open) onClosed();
    open = false;
  };
  stream.on('error', close);
  return {
    isTerminal: stream.isTTY === true,
    get columns() {
      return stream.isTTY === true ? stream.columns : undefined;
    },
    write: (text) =>
      new Promise((resolve) => {
        if (!open || text === '') return resolve();
        stream.write(text, (error) => {
          if (error) close();
          resolve();
        });
      }),
  };
}
