/** Commands of operators over HTTP: what is asked is parsed, one call is made, its answer is said with a status. */
import type { HttpResponseInit } from '@azure/functions';
import type * as z from 'zod';
import type { Image } from '../catalog/model.ts';
import { maskSecrets } from '../http/mask.ts';
import type { Answer, Caller } from '../pipeline/commands/command.ts';
import type { TrackedTag } from '../pipeline/model.ts';
import { bodySchema, readBody } from './body.ts';
import { endpoint, type Given, type Handler } from './endpoint.ts';
import { imageFrom, type Params, runFrom, trackedFrom } from './path.ts';
import { fieldProblem, json, problemResponse, wrongField } from './problem.ts';
import { addressOf, runView, tagView } from './views.ts';

type Body<F extends z.ZodRawShape> = z.infer<z.ZodObject<F>>;

export interface Asked<F extends z.ZodRawShape> extends Given {
  readonly caller: Caller;
  readonly body: Body<F>;
  readonly params: Params;
}

/** A command on one tag of the catalog. */
export function tagCommand<F extends z.ZodRawShape>(
  own: F,
  call: (tracked: TrackedTag, asked: Asked<F>) => Promise<Answer>,
): Handler {
  return commandOn(
    'tag',
    own,
    async ({ app }, params) => trackedFrom(app.catalog, params),
    call,
    async ({ pipeline }, tracked) => tagView({ ...(await pipeline.store.load(tracked)), tracked }),
  );
}

/** A command on an image of the catalog; `tags` are those that have ever been looked at. */
export function imageCommand<F extends z.ZodRawShape>(
  own: F,
  call: (image: Image, tags: readonly TrackedTag[], asked: Asked<F>) => Promise<Answer>,
): Handler {
  return commandOn(
    'image',
    own,
    async ({ app }, params) => imageFrom(app.catalog, params),
    async (image, asked) => {
      const { tags } = await (await asked.app.history()).heads([image.name]);
      return call(
        image,
        tags.map(({ tracked }) => tracked),
        asked,
      );
    },
    async () => undefined,
  );
}

/** A command on one run. */
export function runCommand<F extends z.ZodRawShape>(
  own: F,
  call: (tracked: TrackedTag, id: string, asked: Asked<F>) => Promise<Answer>,
): Handler {
  return commandOn(
    'run',
    own,
    async ({ app }, params) => {
      const id = runFrom(params);
      const tracked = await (await app.history()).find(id);
      if (!tracked) throw wrongField(404, 'run', `there is no run ${id}`);
      return { id, tracked };
    },
    ({ id, tracked }, asked) => call(tracked, id, asked),
    async ({ pipeline }, { id, tracked }) => {
      const run = await pipeline.store.run(tracked, id);
      return run && runView(run);
    },
  );
}

/** `field`: what of the path names the target. */
function commandOn<F extends z.ZodRawShape, T>(
  field: 'image' | 'tag' | 'run',
  own: F,
  find: (given: Given, params: Params) => Promise<T>,
  call: (target: T, asked: Asked<F>) => Promise<Answer>,
  stateOf: (given: Given, target: T) => Promise<unknown>,
): Handler {
  const schema = bodySchema(own);
  return endpoint('operate', async (given) => {
    const { params } = given.request;
    const target = await find(given, params);
    const { reason, ...rest } = (await readBody(given.request, schema)) as { reason: string } & Body<F>;
    const asked = { ...given, params, body: rest as unknown as Body<F>, caller: { by: given.by, reason } };
    const answer = await call(target, asked);
    return respond(answer, field, async () => stateOf(given, target));
  });
}

/** 202: it goes on by itself, at that address. 200: it is done, or there was nothing to do. */
async function respond(answer: Answer, field: string, stateOf: () => Promise<unknown>): Promise<HttpResponseInit> {
  const why = maskSecrets(answer.why);
  switch (answer.kind) {
    case 'done':
    case 'nothing': {
      const { run, kind } = answer;
      const address = run === undefined ? undefined : addressOf(run);
      const goesOn = kind === 'done' && address !== undefined;
      return json(goesOn ? 202 : 200, { result: kind, why, run, address }, address ? { location: address } : {});
    }
    case 'refused':
      return problemResponse({ status: 409, detail: why, state: await stateOf() });
    case 'missing':
      return problemResponse(fieldProblem(404, field, why));
  }
}
