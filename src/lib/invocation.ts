/** What every trigger does around its one call: opens the app, traces what happens to its invocation, and masks errors. */
import type { InvocationContext } from '@azure/functions';
import { type App, theApp } from './app.ts';
import { transitionLine } from './log/lines.ts';
import { safeError } from './log/safe-error.ts';
import type { Pipeline } from './pipeline/session.ts';

export interface Invocation {
  readonly app: App;
  /** Its transitions are told in this invocation's log. */
  readonly pipeline: Pipeline;
}

export async function openInvocation(context: InvocationContext): Promise<Invocation> {
  const app = theApp();
  const pipeline = await app.pipeline({
    transition: (event) => context.log(transitionLine(event, context.invocationId)),
  });
  return { app, pipeline };
}

/** What fails is thrown on, for the host to try again, without credentials. */
export async function invoke<T>(context: InvocationContext, work: (given: Invocation) => Promise<T>): Promise<T> {
  try {
    return await work(await openInvocation(context));
  } catch (error) {
    throw safeError(error);
  }
}
