/** One challenge of a `WWW-Authenticate` header. Scheme and parameter names are lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/*
 * RFC 9110 §11.6.1 and §11.2:
 *   WWW-Authenticate = #challenge
 *   challenge        = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
 *   auth-param       = token BWS "=" BWS ( token / quoted-string )
 *   token68          = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
 *   quoted-string    = DQUOTE *( qdtext / "\" any ) DQUOTE
 * A comma parts both challenges and parameters: what follows is a parameter where a "=" follows the token, else the next
 * challenge. Some registries leave the comma out between parameters or quote nothing; both are read.
 */
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;
const spaces = /[ \t]+/y;
const separators = /[\s,]*/y;
const equals = /[ \t]*=[ \t]*/y;
const quoted = /"((?:[^"\\]|\\[\s\S])*)"/y;
const bare = /[^\s,"]+/y;

/** What cannot be read ends the list; what was read before it counts. */
export function parseChallenges(header: string | null | undefined): Challenge[] {
  const scan = new Scanner(header ?? '');
  const challenges: Challenge[] = [];
  for (;;) {
    scan.take(separators);
    const scheme = scan.take(token);
    if (scheme === undefined) return challenges;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: parameters(scan) });
  }
}

function parameters(scan: Scanner): Map<string, string> {
  const found = new Map<string, string>();
  const opaque = scan.take(spaces) === undefined ? undefined : scan.take(token68);
  if (opaque !== undefined) found.set('token68', opaque);
  for (;;) {
    const start = scan.at;
    scan.take(separators);
    const name = scan.take(token);
    if (name === undefined || scan.take(equals) === undefined) {
      scan.at = start;
      return found;
    }
    const value = scan.takeQuoted() ?? scan.take(bare) ?? '';
    // The first wins: a parameter must not occur twice (RFC 9110 §11.2), and an appended one is the suspicious one.
    if (!found.has(name.toLowerCase())) found.set(name.toLowerCase(), value);
  }
}

class Scanner {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  take(pattern: RegExp): string | undefined {
    const match = this.#match(pattern);
    if (match) this.at += match[0].length;
    return match?.[0];
  }

  takeQuoted(): string | undefined {
    const match = this.#match(quoted);
    if (!match) return undefined;
    this.at += match[0].length;
    return (match[1] ?? '').replace(/\\([\s\S])/g, '$1');
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at;
    return pattern.exec(this.text);
  }
}
