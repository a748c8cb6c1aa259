/**
 * Why an import failed, as the poll tells it: a status, a code, and the cause that follows
 * `Operation registries-… failed. Resource …`. The status does not separate causes; the message does.
 */
export interface ImportFailure {
  readonly status: number;
  readonly code: string;
  readonly cause: string;
}

/** What the copying throws for a failure that is the import's own, not ours. */
export class ImportFailed extends Error {
  readonly failure: ImportFailure;

  constructor(failure: ImportFailure) {
    super(failure.cause);
    this.name = 'ImportFailed';
    this.failure = failure;
  }
}

/** The failures Azure is known to report, in its words. */
export const importFailures = {
  /** NoForce, and the tag is there. `tag` is `repository:tag`. */
  tagExists(tag: string): ImportFailure {
    return { status: 409, code: 'Conflict', cause: `Tag ${tag} already exists in target registry.` };
  },

  /** The source is a registry of ours and has no such tag or digest. */
  manifestMissing(repository: string, reference: { tag?: string; digest?: string }): ImportFailure {
    return {
      status: 400,
      code: 'InvalidParameters',
      cause: `Unable to find manifest digest  Repo: ${repository} Tag: ${reference.tag ?? ''} Manifest: ${reference.digest ?? ''}`,
    };
  },

  /** Any other registry's 404. */
  upstreamNotFound(body: string): ImportFailure {
    return { status: 400, code: 'BadRequest', cause: `Invalid message NotFound Not Found ${body}` };
  },

  upstreamUnauthorized(body: string): ImportFailure {
    return { status: 400, code: 'BadRequest', cause: `Invalid message Unauthorized Unauthorized ${body}` };
  },

  /** The upstream registry's pull limit. */
  upstreamTooManyRequests(body: string): ImportFailure {
    return { status: 400, code: 'BadRequest', cause: `Invalid message 429 Too Many Requests ${body} (HAP429).` };
  },

  upstreamUnavailable(detail: string): ImportFailure {
    return { status: 400, code: 'BadRequest', cause: `Invalid message ${detail}` };
  },

  errorCopyingBlobs(detail: string): ImportFailure {
    return { status: 400, code: 'InvalidParameters', cause: `Error copying blobs. ${detail}` };
  },

  tooManyManifests(count: number): ImportFailure {
    return {
      status: 400,
      code: 'InvalidParameters',
      cause: `The image has ${count} manifests or more; at most 50 can be imported.`,
    };
  },

  /** The caller may write to the target, and may not read the source. */
  linkedScope(principalId: string, target: string, source: string): ImportFailure {
    return {
      status: 400,
      code: 'LinkedAuthorizationFailed',
      cause: linkedScopeMessage(principalId, target, source),
    };
  },
} as const;

export function linkedScopeMessage(principalId: string, target: string, source: string): string {
  return `The client '${principalId}' with object id '${principalId}' has permission to perform action 'Microsoft.ContainerRegistry/registries/importImage/action' on scope '${target}'; however, it does not have permission to perform action 'read' on the linked scope(s) '${source}' or the linked scope(s) are invalid.`;
}
