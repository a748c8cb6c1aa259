/**
 * Takes credentials out of text that other programs wrote, before it is kept or shown. The table errs on the side of
 * masking: a log line that lost a word can still be read, a credential that was kept cannot be taken back.
 */

const masked = '***';

interface Rule {
  readonly what: string;
  readonly pattern: RegExp;
  /** `$1` is what stays of the match; without it the whole match goes. */
  readonly keep?: 1;
}

const secretName =
  '(?:password|passwd|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|account[-_]?key|private[-_]?key|sharedaccesskey|credentials?|identitytoken|auth)';

const rules: readonly Rule[] = [
  {
    what: 'a private key',
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  },
  { what: 'the rest of a private key', pattern: /^[\s\S]*-----END [A-Z ]*PRIVATE KEY-----/g },
  { what: 'an Authorization header', pattern: /(\bauthorization["']?\s*[:=]\s*["']?(?:\w+\s+)?)[^\s"',]+/gi, keep: 1 },
  { what: 'a bearer or basic credential', pattern: /(\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}/gi, keep: 1 },
  { what: 'a JSON Web Token', pattern: /\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/g },
  { what: 'the password of a URL', pattern: /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,255}:)[^\s/@]+(?=@)/gi, keep: 1 },
  { what: 'the signature of a shared access link', pattern: /(\bsig=)[^&\s"']+/gi, keep: 1 },
  {
    what: 'the value of a secret by its name',
    pattern: new RegExp(`(${secretName}["']?\\s*[=:]\\s*)(?:"[^"]*"|'[^']*'|[^\\s"'&;,]+)`, 'gi'),
    keep: 1,
  },
  {
    what: 'a password on a command line',
    pattern: /((?:^|\s)(?:-p|--[\w-]*(?:password|token|secret))[ =])\S+/gim,
    keep: 1,
  },
  { what: 'an AWS access key', pattern: /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g },
  { what: 'a GitHub token', pattern: /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,})/g },
  { what: 'a GitLab token', pattern: /\bgl(?:pat|ptt|dt|rt)-[\w-]{16,}/g },
  { what: 'an npm token', pattern: /\bnpm_\w{30,}/g },
  { what: 'a Docker Hub token', pattern: /\bdckr_(?:pat|oat)_[\w-]{16,}/g },
  { what: 'a Slack token', pattern: /\bxox[abeoprs]-[\w-]{10,}/g },
  { what: 'a Google API key', pattern: /\bAIza[\w-]{30,}/g },
  { what: 'an Entra client secret', pattern: /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}/g },
  // Azure's own keys carry a mark at a fixed place: +ASt storage, +ACR registry, +ABa, +AEh and so on for others.
  { what: 'an Azure key', pattern: /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{32,78}\+A[A-Z][A-Za-z][A-Za-z0-9+/]{6,8}(?:==)?/g },
];

export function maskSecrets(text: string): string {
  let result = text;
  for (const { pattern, keep } of rules) result = result.replace(pattern, keep ? `$1${masked}` : masked);
  return result;
}
