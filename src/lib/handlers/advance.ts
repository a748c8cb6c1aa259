import type { InvocationContext } from '@azure/functions';
import { parseMessage } from '../app.ts';
import { invoke } from '../invocation.ts';
import { advanceLine } from '../log/lines.ts';
import { advance } from '../pipeline/advance.ts';
import { describeCarried } from '../pipeline/describe.ts';

/** Takes one run as far as it goes without waiting. */
export async function onMessage(entry: unknown, context: InvocationContext): Promise<void> {
  await invoke(context, async ({ pipeline }) => {
    const message = parseMessage(entry);
    const dequeued = Number(context.triggerMetadata?.dequeueCount ?? 1);
    const advanced = await advance(pipeline, message, dequeued);
    const outcome = { run: message.run, ...message.tracked, ...describeCarried(advanced) };
    context.log(advanceLine(outcome, context.invocationId));
  });
}
