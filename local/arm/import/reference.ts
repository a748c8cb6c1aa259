/**
 * Image references as importImage has them, without a host:
 *
 *   source  = repository [ ":" tag ] | repository "@" digest
 *   target  = repository [ ":" tag ]
 *
 * Grammar: https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests
 */
const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${component}(?:/${component})*$`);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const digestPattern = /^sha256:[a-f0-9]{64}$/;

export interface SourceImage {
  readonly repository: string;
  readonly reference: { readonly tag: string } | { readonly digest: string };
}

export interface TargetTag {
  readonly repository: string;
  readonly tag: string;
}

export function isRepository(text: string): boolean {
  return text.length <= 255 && repositoryPattern.test(text);
}

export function parseSourceImage(text: string): SourceImage | undefined {
  const at = text.indexOf('@');
  if (at >= 0) {
    const repository = text.slice(0, at);
    const digest = text.slice(at + 1);
    return isRepository(repository) && digestPattern.test(digest) ? { repository, reference: { digest } } : undefined;
  }
  const target = parseTarget(text, 'latest');
  return target && { repository: target.repository, reference: { tag: target.tag } };
}

/** A target without a tag takes `defaultTag`, the source's own. */
export function parseTarget(text: string, defaultTag: string): TargetTag | undefined {
  const colon = text.indexOf(':');
  const repository = colon < 0 ? text : text.slice(0, colon);
  const tag = colon < 0 ? defaultTag : text.slice(colon + 1);
  return isRepository(repository) && tagPattern.test(tag) ? { repository, tag } : undefined;
}
