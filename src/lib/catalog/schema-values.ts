import * as z from 'zod';
import { isPathSegment, parseRepository } from '../image/names.ts';
import { looksLikeRegistryHost, parseReference } from '../image/reference.ts';
import { parseTagPattern } from '../image/tag-pattern.ts';
import { parseDuration } from './duration.ts';
import { parseWindow } from './window.ts';
import { didYouMean, oneOf } from './words.ts';

/*
 * The message of every rule here and in schema.ts is the words after "Expected": schema-issues.ts makes a sentence of
 * it. A rule never narrows the JSON Schema, since an editor sees `${NAME}` where the loader sees its value.
 */

/** An object that knows its keys by name, so that an unknown one can be answered with the nearest. */
export function keys<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, { error: oneOf(Object.keys(shape)) });
}

/** A string that `parse` accepts; what it throws says what was expected. */
function parsed(expected: string, parse: (text: string) => unknown) {
  return z.string({ error: expected }).superRefine((text, context) => {
    try {
      if (parse(text) !== undefined) return;
      context.addIssue({ code: 'custom', message: expected });
    } catch (error) {
      context.addIssue({ code: 'custom', message: expectedBy(error) ?? expected, params: { hint: hintOf(error) } });
    }
  });
}

function expectedBy(error: unknown): string | undefined {
  return error instanceof Error && 'expected' in error ? String(error.expected) : undefined;
}

function hintOf(error: unknown): string | undefined {
  if (!(error instanceof Error && 'word' in error && 'known' in error)) return undefined;
  return didYouMean(String(error.word), error.known as readonly string[]);
}

function matching(expected: string, pattern: RegExp) {
  return parsed(expected, (text) => (pattern.test(text) ? text : undefined));
}

export const text = (expected: string) => matching(expected, /\S/);

export const word = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: oneOf(words) });

export const flag = z.boolean({ error: 'true or false' });

export function count(from: number, to: number) {
  const error = `a whole number from ${from} to ${to}`;
  return z.int({ error }).min(from, { error }).max(to, { error });
}

export function number(above: number, to: number) {
  const error = `a number above ${above}, at most ${to}`;
  return z.number({ error }).gt(above, { error }).max(to, { error });
}

/** `from` and `to` are durations as the catalog writes them. */
export function duration(from: string, to: string) {
  const [least = 0, most = 0] = [parseDuration(from), parseDuration(to)];
  return parsed(`a duration such as 90s, 30m, 24h or 7d, from ${from} to ${to}`, (value) => {
    const milliseconds = parseDuration(value);
    return milliseconds !== undefined && milliseconds >= least && milliseconds <= most ? milliseconds : undefined;
  });
}

export const repository = parsed('a repository, as in base-images/node', parseRepository);
export const tagPattern = parsed('a tag in quotes, as in "9-alpine"', (value) => parseTagPattern(value));
export const globPattern = parsed('a glob with *, as in "9-*"', (value) =>
  parseTagPattern(value).kind === 'glob' ? value : undefined,
);
export const versionRange = parsed('a range of versions as npm writes it, as in ">=20 <23"', (value) =>
  parseTagPattern(`semver:${value}`),
);
export const tagSuffix = matching('what follows the version in a tag, as in -alpine', /^[-_.][\w.-]{0,100}$/);
export const window = parsed(
  'always, or days, hours and a time zone, as in Mon-Fri 08:00-17:00 Europe/Berlin',
  (value) => (value === 'always' ? value : parseWindow(value)),
);

export const imageName = parsed(
  'a name of one path segment: lower-case letters, digits, and . _ - between them',
  (name) => (isPathSegment(name) ? name : undefined),
);
export const registryKey = matching('a name of letters, digits, _ and -', /^[A-Za-z0-9][\w-]*$/);
// Azure Resource Manager, naming rules of Microsoft.ContainerRegistry/registries.
export const registryName = matching('the name of a registry: 5 to 50 letters and digits', /^[A-Za-z0-9]{5,50}$/);
export const subscription = matching(
  'the id of a subscription: 00000000-0000-0000-0000-000000000000',
  /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
);
// Azure Resource Manager, naming rules of Microsoft.Resources/resourceGroups.
export const resourceGroup = matching('the name of a resource group', /^[\p{L}\p{N}_.()-]{0,89}[\p{L}\p{N}_()-]$/u);
export const resourceIdPattern =
  /^\/subscriptions\/([0-9a-f-]{36})\/resourceGroups\/([^/]+)\/providers\/Microsoft\.ContainerRegistry\/registries\/([A-Za-z0-9]{5,50})$/i;
export const resourceId = matching(
  'the id of a registry: /subscriptions/…/resourceGroups/…/providers/Microsoft.ContainerRegistry/registries/NAME',
  resourceIdPattern,
);
export const loginServer = parsed('a host such as contoso.azurecr.io, without https:// and path', (host) => {
  if (!looksLikeRegistryHost(host)) return undefined;
  return host.includes('/') ? undefined : parseReference(`${host}/any`);
});
/** An image of another registry, with its host and without tag or digest: the tags are a key of their own. */
export const foreignImage = parsed('an image with its host and without tag, as in docker.io/library/node', (image) => {
  const { tag, digest } = parseReference(image);
  const host = image.split('/')[0] ?? '';
  return tag === undefined && digest === undefined && looksLikeRegistryHost(host) ? image : undefined;
});
/** The same, or `KEY/repository` with the key of a configured registry; which it is shows where the keys are known. */
export const upstreamText = parsed(
  'docker.io/library/node, ghcr.io/owner/image, or KEY/repository with the key of a registry above',
  (image) => {
    const slash = image.indexOf('/');
    if (slash < 0) return undefined;
    if (!looksLikeRegistryHost(image.slice(0, slash))) return parseRepository(image.slice(slash + 1));
    const { tag, digest } = parseReference(image);
    return tag === undefined && digest === undefined ? image : undefined;
  },
);
export const toolImage = parsed(
  'an image of the buffer, as in tools/docker-cli@sha256:… or tools/docker-cli:29',
  (image) => {
    const host = image.split('/')[0] ?? '';
    const { tag, digest } = parseReference(`registry.invalid/${image}`);
    return !looksLikeRegistryHost(host) && (tag ?? digest) !== undefined ? image : undefined;
  },
);
export const settingPrefix = matching(
  'a prefix of app settings: GHCR stands for GHCR_USERNAME and GHCR_PASSWORD',
  /^[A-Za-z_][A-Za-z0-9_]*$/,
);
/** Only this folder is deployed beside the catalog. */
export const validationFile = matching(
  'a file below validations/, as in validations/node.sh',
  /^validations\/(?!.*(?:^|\/)\.{1,2}(?:\/|$))[\w./-]*[\w-]$/,
);
export const memory = matching('an amount of memory such as 512m or 2g', /^[1-9]\d*[kmg]$/i);
export const shell = matching('the program that reads the script, as in sh or /bin/bash', /^[\w./+-]+$/);
// Azure Resource Manager, naming rules of Microsoft.ContainerRegistry/registries/tasks.
export const taskName = matching('the name of an ACR Task: 5 to 50 letters, digits, - and _', /^[A-Za-z0-9_-]{5,50}$/);
/** Whether both parts are right shows where the keys are known: what is wrong with either is said by itself. */
export const taskText = matching('KEY/task, with the key of a registry above', /^[^/\s]+\/[^/\s]+$/);
