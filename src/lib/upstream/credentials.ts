/** Credentials of a registry, named in the catalog and kept in app settings (which may refer to a key vault). */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** A further host that these may be sent to for a token: NAME_TOKEN_HOST. */
  readonly tokenHost?: string;
}

export type FoundCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'found'; readonly credentials: Credentials }
  | { readonly kind: 'missing'; readonly why: string };

/** `name` is what the catalog calls them: NAME of the settings NAME_USERNAME and NAME_PASSWORD. */
export function findCredentials(
  name: string | undefined,
  settings: Readonly<Record<string, string | undefined>>,
): FoundCredentials {
  if (name === undefined) return { kind: 'none' };
  const username = settings[`${name}_USERNAME`];
  const password = settings[`${name}_PASSWORD`];
  const absent = [!username && `${name}_USERNAME`, !password && `${name}_PASSWORD`].filter((setting) => setting);
  if (!username || !password) {
    return { kind: 'missing', why: `the credentials ${name} need the app setting ${absent.join(' and ')}` };
  }
  const tokenHost = settings[`${name}_TOKEN_HOST`];
  return { kind: 'found', credentials: { username, password, ...(tokenHost ? { tokenHost } : {}) } };
}

/** RFC 7617, in UTF-8. */
export function basicAuthorization({ username, password }: Credentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`;
}
