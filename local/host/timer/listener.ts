import type { Invocation, InvocationResult } from '../core-types.ts';
import type { Listener } from '../queue/listener.ts';
import type { ScheduleMonitor, ScheduleStatus } from './monitor.ts';
import type { Schedule } from './schedule.ts';

export interface TimerListenerOptions {
  readonly functionName: string;
  readonly schedule: Schedule;
  readonly runOnStartup: boolean;
  /** Undefined: missed occurrences are not noticed. */
  readonly monitor: ScheduleMonitor | undefined;
  readonly execute: (invocation: Invocation) => Promise<InvocationResult>;
  readonly log: (level: 'debug' | 'information' | 'warning' | 'error', message: string) => void;
  readonly now: () => Date;
}

/** .NET's default(DateTime), which the host stores for "never". */
const never = '0001-01-01T00:00:00.000Z';

/** setTimeout counts in 31 bits of milliseconds; the real host uses steps of 24 days too. */
const longestStep = 24 * 24 * 3600 * 1000;

export function timerInvocation(status: ScheduleStatus | undefined, isPastDue: boolean, reason: string): Invocation {
  const info = { Schedule: { AdjustForDST: true }, ScheduleStatus: status ?? null, IsPastDue: isPastDue };
  return { reason, data: { json: JSON.stringify(info) }, metadata: {} };
}

/** Whether an occurrence was missed while nobody ran, and what is known of the schedule. A changed schedule starts anew. */
export function judgeStart(
  stored: ScheduleStatus | undefined,
  schedule: Schedule,
  now: Date,
): { readonly status: ScheduleStatus; readonly isPastDue: boolean } {
  const fresh = { Last: never, Next: schedule.next(now).toISOString(), LastUpdated: never };
  if (!stored) return { status: fresh, isPastDue: false };
  if (stored.LastUpdated !== never) {
    const expected = schedule.next(new Date(stored.LastUpdated));
    if (expected.getTime() !== Date.parse(stored.Next)) {
      const next = expected > now ? expected : schedule.next(now);
      return { status: { ...stored, Next: next.toISOString() }, isPastDue: false };
    }
  }
  return { status: stored, isPastDue: Date.parse(stored.Next) < now.getTime() };
}

/** Runs one timer function. The next wait begins when a call has ended, so it never overlaps itself. */
export function startTimerListener(options: TimerListenerOptions): Listener {
  const { schedule, monitor, log, now, functionName } = options;
  let stopped = false;
  let wake: (() => void) | undefined;

  const waitUntil = async (time: Date): Promise<void> => {
    for (;;) {
      const left = time.getTime() - now().getTime();
      if (left <= 0 || stopped) return;
      await new Promise<void>((done) => {
        const timer = setTimeout(done, Math.min(left, longestStep));
        wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
  };

  const write = async (status: ScheduleStatus): Promise<void> => {
    try {
      await monitor?.write(functionName, status);
    } catch (error) {
      log('error', `The schedule status of '${functionName}' could not be stored: ${(error as Error).message}`);
    }
  };

  const read = async (): Promise<ScheduleStatus | undefined> => {
    try {
      return await monitor?.read(functionName);
    } catch (error) {
      log('error', `The schedule status of '${functionName}' could not be read: ${(error as Error).message}`);
      return undefined;
    }
  };

  async function call(status: ScheduleStatus, isPastDue: boolean, isScheduled: boolean): Promise<ScheduleStatus> {
    const invokedAt = now();
    await options.execute(
      timerInvocation(monitor ? status : undefined, isPastDue, `Timer fired at ${invokedAt.toISOString()}`),
    );
    // A timer that fired a little early would otherwise find the same occurrence again.
    const planned = new Date(status.Next);
    const last = isScheduled && planned > invokedAt ? planned : invokedAt;
    const after = {
      Last: last.toISOString(),
      Next: schedule.next(last).toISOString(),
      LastUpdated: last.toISOString(),
    };
    await write(after);
    return after;
  }

  async function run(): Promise<void> {
    const stored = await read();
    let { status, isPastDue } = judgeStart(stored, schedule, now());
    if (stored?.Next !== status.Next) await write(status);
    log('debug', `The next occurrence of the '${functionName}' schedule (${schedule.expression}) is ${status.Next}.`);
    if (isPastDue) log('information', `Function '${functionName}' is past due on startup. Executing now.`);
    if (!stopped && (isPastDue || options.runOnStartup)) status = await call(status, isPastDue, false);
    isPastDue = false;
    for (;;) {
      await waitUntil(new Date(status.Next));
      if (stopped) return;
      status = await call(status, false, true);
    }
  }

  const running = run().catch((error: Error) => log('error', `The timer of '${functionName}' ended: ${error.message}`));
  return {
    stop: async () => {
      stopped = true;
      wake?.();
      await running;
    },
  };
}
