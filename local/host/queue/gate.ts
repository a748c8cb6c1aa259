/** Lets one loop sleep until a time has passed, something has changed, or it is to end. */
export interface Gate {
  closed(): boolean;
  close(): void;
  /** Wakes whoever waits for a change. */
  signal(): void;
  changed(): Promise<void>;
  /** Ends early only when the gate closes. */
  wait(milliseconds: number): Promise<void>;
}

export function createGate(): Gate {
  const closing = new AbortController();
  let waiting: (() => void)[] = [];
  const signal = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  return {
    closed: () => closing.signal.aborted,
    close: () => {
      closing.abort();
      signal();
    },
    signal,
    changed: () => new Promise((wake) => waiting.push(wake)),
    wait: (milliseconds) =>
      new Promise((done) => {
        if (closing.signal.aborted) return done();
        const end = () => {
          clearTimeout(timer);
          closing.signal.removeEventListener('abort', end);
          done();
        };
        const timer = setTimeout(end, milliseconds);
        closing.signal.addEventListener('abort', end);
      }),
  };
}
