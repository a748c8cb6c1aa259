import { InvalidImageName } from './error.ts';

/** The hash of a manifest's bytes: `sha256:<64 hex>` or `sha512:<128 hex>`, lower case. */
export type Digest = string & { readonly __brand: 'Digest' };

/*
 * OCI image specification, descriptor.md, "Digests":
 *   digest    ::= algorithm ":" encoded
 * The two registered algorithms fix their own encoding: sha256 is /[a-f0-9]{64}/, sha512 is /[a-f0-9]{128}/.
 */
const pattern = /^(?:sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$/;

export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new InvalidImageName('digest', text, 'sha256: and 64 lower-case hex digits, or sha512: and 128');
}

/** The first 12 hex digits: enough to tell digests apart in a message, never to identify one. */
export function shortDigest(digest: Digest): string {
  const encoded = digest.slice(digest.indexOf(':') + 1);
  return encoded.slice(0, 12);
}

/** What a place shows, in a message. */
export function shown(digest: Digest | undefined): string {
  return digest === undefined ? 'nothing' : shortDigest(digest);
}
