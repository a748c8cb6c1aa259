/*
 * RFC 8288 §3:
 *   Link       = #link-value
 *   link-value = "<" URI-Reference ">" *( OWS ";" OWS link-param )
 */
const linkValue = /<([^>]*)>((?:[^,"]|"[^"]*")*)/g;
const isNext = /;\s*rel\s*=\s*(?:"[^"]*\bnext\b[^"]*"|next\b)/i;

/** Where the next page is, by a `Link` header. */
export function nextLink(header: string | null, base: URL): URL | undefined {
  for (const [, reference, parameters] of (header ?? '').matchAll(linkValue)) {
    if (reference && isNext.test(parameters ?? '') && URL.canParse(reference, base.href))
      return new URL(reference, base);
  }
  return undefined;
}
