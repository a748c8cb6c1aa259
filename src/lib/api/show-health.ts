import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { theApp, WrongSetup } from '../app.ts';
import { maskSecrets } from '../http/mask.ts';
import { troubleLine } from '../log/lines.ts';
import { explain } from '../pipeline/errors.ts';
import { callerOf } from './caller.ts';
import { json, problemResponse, Refusal } from './problem.ts';

/** 200: the setup is right and the state can be read. 503: it says all that is wrong. */
export async function showHealth(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  try {
    callerOf(request.headers, 'read', process.env);
    return await ask();
  } catch (error) {
    if (error instanceof Refusal) return problemResponse(error.problem);
    const problems = (error instanceof WrongSetup ? error.problems : [explain(error)]).map(maskSecrets);
    context.error(troubleLine({ of: 'health', why: problems.join('\n') }, context.invocationId));
    return json(503, { status: 'failing', problems });
  }
}

async function ask(): Promise<HttpResponseInit> {
  const app = theApp();
  const { index } = await app.pipeline({ transition: () => undefined });
  const { rows, at } = await index.active();
  const { images } = app.catalog;
  return json(200, { status: 'ok', images: images.length, activeRuns: rows.length, at: new Date(at).toISOString() });
}
