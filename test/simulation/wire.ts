/** Between a worker and the world: every call can be refused, and its worker can die around it. */
import { PortError } from '../../src/lib/pipeline/errors.ts';
import type { Worker } from './clockwork.ts';
import { minute } from './clockwork.ts';
import type { World } from './world.ts';

export interface WorkerWorld {
  readonly world: World;
  readonly worker: Worker;
}

/** As services, sockets and clients refuse. Most pass. */
const refusals: readonly (() => unknown)[] = [
  () => withStatus('too many requests', 429),
  () => withStatus('too many requests', 429),
  () => withStatus('the service is busy', 503),
  () => withStatus('the service is busy', 503),
  () => withStatus('timed out', 408),
  () => new PortError('busy', { operation: 'call', target: 'it', next: 'retry', retryAfter: 2 * minute }),
  () => new Error('getaddrinfo EAI_AGAIN'),
  () => 'socket hang up',
  () => withStatus('no role allows it', 403),
  () => withStatus('the request is not valid', 400),
  () =>
    new PortError('no role allows it', { operation: 'call', target: 'it', next: 'stall', advice: 'Grant the role' }),
];

function withStatus(message: string, statusCode: number): Error {
  return Object.assign(new Error(message), { statusCode });
}

/** One call over the wire. A refusal comes before it has an effect. */
export function call<T>({ world, worker }: WorkerWorld, effect: () => T | Promise<T>): Promise<T> {
  return world.clockwork.call(worker, () => {
    if (world.random.chance(world.temper.refusedCalls)) throw world.random.pick(refusals)();
    return effect();
  });
}

/** Every method of a port becomes a call over the wire. */
export function remote<T extends object>(at: WorkerWorld, port: T): T {
  const wired: Record<string, unknown> = {};
  for (const name in port) {
    const method = port[name] as (...args: unknown[]) => unknown;
    wired[name] = (...args: unknown[]) => call(at, () => method(...args));
  }
  return wired as T;
}

export function unreachable({ world }: WorkerWorld): boolean {
  return world.random.chance(world.temper.unreachable);
}
