import { InvalidImageName } from './error.ts';

/** A repository inside a registry, without host: `base-images/node`. */
export type Repository = string & { readonly __brand: 'Repository' };
export type Tag = string & { readonly __brand: 'Tag' };

/*
 * OCI distribution specification, "Pulling manifests":
 *   name      ::= component ("/" component)*
 *   component ::= [a-z0-9]+ (("." | "_" | "__" | "-"+) [a-z0-9]+)*
 *   tag       ::= [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}
 * The name is bounded by 255 characters, which registries and clients enforce together with the host.
 */
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`);
const componentPattern = new RegExp(`^${component}$`);
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const longestRepository = 255;

export function isRepository(text: string): text is Repository {
  return text.length <= longestRepository && repositoryPattern.test(text);
}

/** One segment of a repository, as the name of an image in the catalog must be. */
export function isPathSegment(text: string): boolean {
  return text.length <= longestRepository && componentPattern.test(text);
}

export function parseRepository(text: string): Repository {
  if (isRepository(text)) return text;
  throw new InvalidImageName(
    'repository',
    text,
    'lower-case letters, digits, and single separators . _ - between them, in segments parted by /, at most 255 characters',
  );
}

export function isTag(text: string): text is Tag {
  return tagPattern.test(text);
}

export function parseTag(text: string): Tag {
  if (isTag(text)) return text;
  throw new InvalidImageName(
    'tag',
    text,
    'letters, digits, _ . and -, not beginning with . or -, at most 128 characters',
  );
}
