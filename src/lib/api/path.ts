/** What the path and the query of a request name. */
import * as z from 'zod';
import type { Catalog, Image } from '../catalog/model.ts';
import { type Digest, isDigest } from '../image/digest.ts';
import { isPathSegment, isTag } from '../image/names.ts';
import type { RunQuery } from '../pipeline/history.ts';
import type { Outcome, TrackedTag } from '../pipeline/model.ts';
import { nameOf } from '../pipeline/model.ts';
import { isNewRunId, isRunId } from '../pipeline/run-id.ts';
import { imageOf } from '../pipeline/session.ts';
import { wrongField, wrongFields } from './problem.ts';

export type Params = Readonly<Record<string, string | undefined>>;

export function imageFrom(catalog: Catalog, { image = '' }: Params): Image {
  if (!isPathSegment(image)) throw wrongFields([{ field: 'image', detail: 'the name of an image was expected' }]);
  const found = catalog.images.find(({ name }) => name === image);
  if (!found) throw wrongField(404, 'image', `the catalog has no image ${image}`);
  return found;
}

export function trackedFrom(catalog: Catalog, params: Params): TrackedTag {
  const { name } = imageFrom(catalog, params);
  const { tag = '' } = params;
  if (!isTag(tag)) throw wrongFields([{ field: 'tag', detail: 'a tag was expected' }]);
  const tracked = { image: name, tag };
  if (!imageOf(catalog, tracked)) throw wrongField(404, 'tag', `${nameOf(tracked)} is not in the catalog`);
  return tracked;
}

export function digestFrom({ digest = '' }: Params): Digest {
  if (isDigest(digest)) return digest;
  throw wrongFields([{ field: 'digest', detail: 'a digest was expected: sha256: and 64 lower-case hex digits' }]);
}

export function runFrom({ id = '' }: Params): string {
  if (isRunId(id)) return id;
  throw wrongFields([{ field: 'run', detail: 'the id of a run was expected: lower-case letters and digits' }]);
}

const outcomes = {
  promoted: 0,
  patched: 0,
  'rolled-back': 0,
  unchanged: 0,
  superseded: 0,
  rejected: 0,
  blocked: 0,
  expired: 0,
  void: 0,
  cancelled: 0,
  gone: 0,
  untracked: 0,
} as const satisfies Record<Outcome, 0>;

const mostRuns = 200;
const fewerRuns = `a number from 1 to ${mostRuns} was expected`;

const query = z
  .strictObject({
    image: z.string().refine(isPathSegment, 'the name of an image was expected').optional(),
    tag: z.string().refine(isTag, 'a tag was expected').optional(),
    outcome: z
      .enum(Object.keys(outcomes) as Outcome[], { error: `expected one of ${Object.keys(outcomes).join(', ')}` })
      .optional(),
    state: z.enum(['active', 'ended'], { error: 'expected active or ended' }).optional(),
    top: z
      .string()
      .regex(/^\d{1,3}$/, fewerRuns)
      .transform(Number)
      .refine((top) => top >= 1 && top <= mostRuns, fewerRuns)
      .default(50),
    continue: z.string().refine(isNewRunId, 'what the page before gave as continue was expected').optional(),
  })
  .refine(({ image, tag }) => tag === undefined || image !== undefined, {
    path: ['tag'],
    error: 'expected with image',
  });

/** The key may stand in the query; it is the host's. */
const hosts = new Set(['code', 'clientId']);

export function runQueryFrom(search: Iterable<readonly [string, string]>): RunQuery {
  const given = [...search].filter(([name]) => !hosts.has(name));
  const parsed = query.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    throw wrongFields(
      parsed.error.issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map((field) => ({ field, detail: 'the query takes no such parameter' }))
          : [{ field: issue.path.join('.'), detail: issue.message }],
      ),
    );
  }
  const known = Object.entries(parsed.data).filter(([, value]) => value !== undefined);
  return { top: parsed.data.top, ...Object.fromEntries(known) };
}
