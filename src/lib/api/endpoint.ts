/** What every HTTP function does around its one call: rights, the app, and one form for all errors. */
import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { WrongSetup } from '../app.ts';
import { type Invocation, openInvocation } from '../invocation.ts';
import { troubleLine } from '../log/lines.ts';
import { safeError } from '../log/safe-error.ts';
import { callerOf, type Right } from './caller.ts';
import { type Problem, problemResponse, Refusal } from './problem.ts';

export interface Given extends Invocation {
  readonly request: HttpRequest;
  /** As the record names the caller. */
  readonly by: string;
}

export type Handler = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;

export function endpoint(right: Right, work: (given: Given) => Promise<HttpResponseInit>): Handler {
  return async (request, context) => {
    try {
      const by = callerOf(request.headers, right, process.env);
      return await work({ ...(await openInvocation(context)), request, by });
    } catch (error) {
      return problemResponse(problemOf(error, context));
    }
  };
}

function problemOf(error: unknown, context: InvocationContext): Problem {
  if (error instanceof Refusal) return error.problem;
  const { message, stack } = safeError(error);
  context.error(troubleLine({ of: context.functionName, why: stack ?? message }, context.invocationId));
  // What is wrong is said to nobody but those who read the log, and to /api/health.
  if (error instanceof WrongSetup)
    return { status: 503, detail: 'the app is set up wrongly; GET /api/health says how' };
  return { status: 500, detail: `see the log of invocation ${context.invocationId}` };
}
