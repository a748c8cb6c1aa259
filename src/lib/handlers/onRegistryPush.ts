import type { InvocationContext } from '@azure/functions';
import { handlePush } from '../events/handle-push.ts';
import { invoke } from '../invocation.ts';
import { eventLine } from '../log/lines.ts';

/** Looks at what was pushed to. */
export async function onRegistryPush(event: unknown, context: InvocationContext): Promise<void> {
  await invoke(context, async ({ pipeline }) => {
    const outcome = await handlePush(pipeline, event);
    const log = outcome.result === 'malformed' ? context.warn : context.log;
    log.call(context, eventLine(outcome, context.invocationId));
  });
}
