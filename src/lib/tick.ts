/** A timer's tick: what it did in one line, and each thing that went wrong in a line of its own. */
import type { InvocationContext } from '@azure/functions';
import { type Invocation, invoke } from './invocation.ts';
import { type Tick, tickLine, troubleLine } from './log/lines.ts';
import { explain } from './pipeline/errors.ts';
import type { Pipeline } from './pipeline/session.ts';

export interface Trouble {
  /** The tag, the run or the repository. */
  readonly of: string;
  readonly error: unknown;
}

export interface TickReport {
  readonly tags: number;
  readonly changed: number;
  /** Left to a later tick. */
  readonly postponed?: number;
  /** Could not be looked at: somebody else's trouble, and the next tick looks again. */
  readonly unknown: readonly { readonly of: string; readonly why: string }[];
  readonly failures: readonly Trouble[];
}

export async function tick(
  context: InvocationContext,
  work: (given: Invocation) => Promise<TickReport>,
): Promise<void> {
  const begun = performance.now();
  await invoke(context, async (given) => {
    const { pipeline, requests } = counting(given.pipeline);
    const { tags, changed, postponed = 0, unknown, failures } = await work({ ...given, pipeline });
    for (const { of, why } of unknown) context.warn(troubleLine({ of, why }, context.invocationId));
    for (const { of, error } of failures) {
      context.error(troubleLine({ of, why: explain(error) }, context.invocationId));
    }
    const line: Tick = {
      function: context.functionName,
      tags,
      requests: requests(),
      changed,
      postponed,
      unknown: unknown.length + failures.length,
      durationMs: Math.round(performance.now() - begun),
    };
    context.log(tickLine(line, context.invocationId));
  });
}

/** The same pipeline, with its looks at registries counted. */
function counting(pipeline: Pipeline): { readonly pipeline: Pipeline; requests(): number } {
  const { upstream, buffer } = pipeline;
  let count = 0;
  const counted: Pipeline = {
    ...pipeline,
    upstream: {
      read: (...look) => {
        count++;
        return upstream.read(...look);
      },
      tags: (...look) => {
        count++;
        return upstream.tags(...look);
      },
    },
    buffer: {
      readTag: (...look) => {
        count++;
        return buffer.readTag(...look);
      },
      async *tagsByTime(repository) {
        for await (const page of buffer.tagsByTime(repository)) {
          count++;
          yield page;
        }
      },
    },
  };
  return { pipeline: counted, requests: () => count };
}
