import { app, type InvocationContext } from '@azure/functions';
import { defaultQueueName, parseMessage } from '../lib/app.ts';
import { invoke } from '../lib/invocation.ts';
import { advanceLine } from '../lib/log/lines.ts';
import { advance } from '../lib/pipeline/advance.ts';
import { describeCarried } from '../lib/pipeline/describe.ts';

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

app.storageQueue('advance', { queueName: defaultQueueName, connection: 'SluiceState', handler: onMessage });
