import type { Exchange, Wire } from './wire.ts';

/** A poll of the queue that found nothing. */
export const isIdle = ({ method, text }: Exchange) => method === 'GET' && !text.includes('<MessageId>');

/** Each request in turn, for whoever wonders where counts and times come from. `from`: what milliseconds count from. */
export function tell(wires: Readonly<Record<string, Wire>>, from?: number): void {
  const named = Object.entries(wires).flatMap(([name, { exchanges }]) =>
    exchanges.filter((one) => name !== 'queue' || !isIdle(one)).map((one) => ({ name, ...one })),
  );
  const sorted = named.sort((a, b) => a.at - b.at);
  const start = from ?? sorted[0]?.at ?? 0;
  for (const { name, method, path, status, at, took } of sorted) {
    const [since, time] = [at - start, took].map((value) => value.toFixed(0).padStart(7));
    console.log(
      `${since} ${time} ${name.padEnd(6)} ${method.padEnd(6)} ${status} ${decodeURIComponent(path).slice(0, 170)}`,
    );
  }
}
