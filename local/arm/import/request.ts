import * as z from 'zod';
import { armError } from '../http/errors.ts';
import { parseBody } from '../http/parse.ts';
import { isRepository, parseSourceImage, parseTarget, type SourceImage, type TargetTag } from './reference.ts';

/** The body of `POST …/importImage`. */
const schema = z.strictObject({
  source: z.strictObject({
    resourceId: z.string().optional(),
    registryUri: z.string().optional(),
    credentials: z.strictObject({ username: z.string().optional(), password: z.string() }).optional(),
    sourceImage: z.string(),
  }),
  targetTags: z.array(z.string()).optional(),
  untaggedTargetRepositories: z.array(z.string()).optional(),
  mode: z.enum(['NoForce', 'Force']).default('NoForce'),
});

export interface ImportRequest {
  readonly from:
    | { readonly kind: 'resource'; readonly resourceId: string }
    | { readonly kind: 'uri'; readonly uri: string; readonly credentials?: Credentials };
  /** As it was sent. */
  readonly sourceImage: string;
  readonly image: SourceImage;
  readonly targets: readonly TargetTag[];
  readonly untagged: readonly string[];
  readonly force: boolean;
}

export interface Credentials {
  readonly username?: string;
  readonly password: string;
}

export function parseImportRequest(body: unknown): ImportRequest {
  const { source, targetTags, untaggedTargetRepositories, mode } = parseBody(schema, body, 'ImportImageParameters');
  const image = parseSourceImage(source.sourceImage);
  if (!image) throw invalid(`The source image '${source.sourceImage}' is not valid.`);
  const untagged = untaggedTargetRepositories ?? [];
  for (const repository of untagged) {
    if (!isRepository(repository)) throw invalid(`The target repository '${repository}' is not valid.`);
  }
  const targets = parseTargets(image, targetTags, untagged.length > 0);
  return {
    from: parseSource(source),
    sourceImage: source.sourceImage,
    image,
    targets,
    untagged,
    force: mode === 'Force',
  };
}

function parseSource(source: z.infer<typeof schema>['source']): ImportRequest['from'] {
  const { resourceId, registryUri, credentials } = source;
  if (resourceId !== undefined && registryUri !== undefined) {
    throw invalid("Only one of 'source.resourceId' and 'source.registryUri' can be given.");
  }
  if (resourceId !== undefined) return { kind: 'resource', resourceId };
  if (registryUri === undefined || registryUri === '') {
    throw invalid("One of 'source.resourceId' and 'source.registryUri' is required.");
  }
  if (!/^(https?:\/\/)?[a-z0-9.-]+(:\d{1,5})?\/?$/i.test(registryUri)) {
    throw invalid(`The source registry '${registryUri}' is not valid.`);
  }
  const given = credentials && {
    password: credentials.password,
    ...(credentials.username === undefined ? {} : { username: credentials.username }),
  };
  return { kind: 'uri', uri: registryUri, ...(given ? { credentials: given } : {}) };
}

function parseTargets(image: SourceImage, tags: readonly string[] | undefined, untagged: boolean): TargetTag[] {
  const sourceTag = 'tag' in image.reference ? image.reference.tag : undefined;
  if (tags === undefined || tags.length === 0) {
    if (untagged) return [];
    if (sourceTag === undefined) throw invalid("'targetTags' or 'untaggedTargetRepositories' is required.");
    return [{ repository: image.repository, tag: sourceTag }];
  }
  return tags.map((text) => {
    const target = parseTarget(text, sourceTag ?? 'latest');
    if (!target) throw invalid(`The target tag '${text}' is not valid.`);
    return target;
  });
}

function invalid(message: string) {
  return armError(400, 'InvalidParameters', message);
}
