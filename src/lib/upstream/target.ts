import type { Repository } from '../image/names.ts';

/** A repository as it is asked for: where, and on whose behalf. */
export interface Target {
  /** The registry's origin: `https://registry-1.docker.io`. */
  readonly registry: URL;
  readonly repository: Repository;
  /** Name of the credentials in the app settings. */
  readonly credentials: string | undefined;
}

/** One text for each repository and its credentials. */
export function keyOf({ registry, repository, credentials }: Target): string {
  return `${registry.origin}/${repository} ${credentials ?? ''}`;
}
