import * as z from 'zod';

const timelineEntry = z.object({
  at: z.string(),
  from: z.string(),
  to: z.string(),
  why: z.string(),
  by: z.string(),
});

const summarySchema = z.object({
  id: z.string(),
  kind: z.string(),
  stage: z.string(),
  digest: z.string(),
  createdAt: z.string(),
  why: z.string(),
  outcome: z.string().optional(),
  endedAt: z.string().optional(),
});

const runSchema = summarySchema.extend({
  parked: z.object({ for: z.string() }).optional(),
  timeline: z.array(timelineEntry),
  verdicts: z.array(
    z.object({ state: z.string(), taskRun: z.string().optional(), why: z.string(), logEnd: z.string().optional() }),
  ),
  dependents: z.array(
    z.object({
      registry: z.string(),
      task: z.string(),
      state: z.string(),
      kicked: z.boolean(),
      taskRun: z.string().optional(),
      why: z.string(),
    }),
  ),
});

const tagSchema = z.object({
  tag: z.string(),
  hold: z.object({ by: z.string(), reason: z.string() }).optional(),
  blocked: z.array(z.object({ digest: z.string(), reason: z.string() })),
});

const answerSchema = z.object({
  result: z.string().optional(),
  why: z.string().optional(),
  run: z.string().optional(),
});

export type RunSummary = z.infer<typeof summarySchema>;
export type RunDetails = z.infer<typeof runSchema>;
export type TagState = z.infer<typeof tagSchema>;

export interface CommandAnswer extends z.infer<typeof answerSchema> {
  readonly status: number;
  /** As it was asked, for people who want to try it: `POST /api/images/node/tags/9-alpine/resume`. */
  readonly request: string;
}

/** Sluice's own HTTP API, as an operator's script calls it. */
export interface SluiceApi {
  /** `http://127.0.0.1:PORT`. */
  readonly address: string;
  /** What opens the API: the host's function key. */
  readonly key: string;
  /** Of one tag, the newest first. */
  runs(image: string, tag: string): Promise<readonly RunSummary[]>;
  run(id: string): Promise<RunDetails>;
  /** Undefined: the tag has never been looked at. */
  tag(image: string, tag: string): Promise<TagState | undefined>;
  command(path: string, body: Readonly<Record<string, unknown>>): Promise<CommandAnswer>;
}

export function openSluice(address: string, key: string): SluiceApi {
  const ask = async (path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown }> => {
    const headers = { 'x-functions-key': key, 'content-type': 'application/json' };
    const request = { ...init, headers, signal: AbortSignal.timeout(30_000) };
    const answer = await fetch(`${address}${path}`, request).catch((error: Error) => {
      // fetch itself says only that it failed.
      const { message } = error.cause instanceof Error ? error.cause : error;
      throw new Error(`Sluice does not answer at ${address}: ${message || 'no connection'}`);
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
  };
  const read = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const { status, body } = await ask(path);
    if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${JSON.stringify(body)}`);
    return schema.parse(body);
  };
  return {
    address,
    key,
    async runs(image, tag) {
      const page = z.object({ runs: z.array(summarySchema) });
      return (await read(`/api/runs?${new URLSearchParams({ image, tag, top: '200' })}`, page)).runs;
    },
    run: (id) => read(`/api/runs/${id}`, runSchema),
    async tag(image, tag) {
      const page = z.object({ images: z.array(z.object({ name: z.string(), tracked: z.array(tagSchema) })) });
      const { images } = await read('/api/images', page);
      return images.find(({ name }) => name === image)?.tracked.find((one) => one.tag === tag);
    },
    async command(path, body) {
      const answer = await ask(path, { method: 'POST', body: JSON.stringify(body) });
      return { status: answer.status, request: `POST ${path}`, ...answerSchema.parse(answer.body) };
    },
  };
}
