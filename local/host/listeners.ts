import type { IndexedFunction, Trigger } from './bindings.ts';
import type { HostConfig } from './host-config.ts';
import type { Execute } from './http/functions.ts';
import type { Log } from './logger.ts';
import { openQueue } from './queue/client.ts';
import { type Listener, type QueueTiming, startQueueListener } from './queue/listener.ts';
import { queueInvocation } from './queue/message.ts';
import type { Settings } from './settings.ts';
import { resolveConnection } from './storage-connection.ts';
import { startTimerListener } from './timer/listener.ts';
import { createBlobMonitor, type ScheduleMonitor } from './timer/monitor.ts';

export interface ListenersOptions {
  readonly functions: readonly IndexedFunction[];
  readonly config: HostConfig;
  readonly settings: Settings;
  readonly timing: QueueTiming;
  /** The host id, part of the path where a timer's status is kept. */
  readonly id: string;
  readonly log: Log;
  readonly execute: Execute;
  readonly now: () => Date;
  readonly random: () => number;
}

type Of<K extends Trigger['kind']> = IndexedFunction<Extract<Trigger, { kind: K }>>;

async function queueListener(options: ListenersOptions, indexed: Of<'queue'>): Promise<Listener> {
  const { queueName, connection } = indexed.trigger;
  const poisonName = `${queueName}-poison`;
  return startQueueListener({
    queue: await openQueue(connection, queueName),
    poison: queueName.endsWith('-poison') ? undefined : await openQueue(connection, poisonName),
    options: options.config.queues,
    timing: options.timing,
    log: (level, message) => options.log(`Function.${indexed.name}`, level, message),
    execute: (message, body) => options.execute(indexed, queueInvocation(queueName, message, body)),
    random: options.random,
  });
}

function timerListener(
  options: ListenersOptions,
  indexed: Of<'timer'>,
  monitor: ScheduleMonitor | undefined,
): Listener {
  const { schedule, runOnStartup, useMonitor } = indexed.trigger;
  return startTimerListener({
    functionName: indexed.name,
    schedule,
    runOnStartup,
    monitor: useMonitor ? monitor : undefined,
    execute: (invocation) => options.execute(indexed, invocation),
    log: (level, message) => options.log(`Function.${indexed.name}`, level, message),
    now: options.now,
  });
}

/** Where timers keep their status: the host's own storage. Without one they still run, but miss nothing they could tell. */
function scheduleMonitor({ settings, id, functions, log }: ListenersOptions): ScheduleMonitor | undefined {
  if (!functions.some(({ trigger }) => trigger.kind === 'timer' && trigger.useMonitor)) return undefined;
  const connection = resolveConnection(settings, 'AzureWebJobsStorage', 'blob');
  if (!('error' in connection)) return createBlobMonitor(connection, id);
  log('Host.Startup', 'warning', `Timers are not monitored, so missed occurrences go unnoticed: ${connection.error}`);
  return undefined;
}

/** Starts what calls functions by itself: queues and timers. HTTP and Event Grid functions wait to be called. */
export async function startListeners(options: ListenersOptions): Promise<Listener> {
  const monitor = scheduleMonitor(options);
  const started = await Promise.all(
    options.functions.map(async (indexed): Promise<Listener[]> => {
      if (indexed.trigger.kind === 'queue') return [await queueListener(options, indexed as Of<'queue'>)];
      if (indexed.trigger.kind === 'timer') return [timerListener(options, indexed as Of<'timer'>, monitor)];
      return [];
    }),
  );
  return { stop: async () => void (await Promise.all(started.flat().map((listener) => listener.stop()))) };
}
