/** What a handler answers, before it becomes HTTP. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error as the distribution specification and ACR write it: `{"errors":[{code, message, detail}]}`. */
export function refusal(status: number, code: string, message: string, detail?: unknown): Answer {
  return { status, body: { errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] } };
}

export const unknownRepository = (name: string) =>
  refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry', { name });

export const unknownTag = (name: string, tag: string) =>
  refusal(404, 'TAG_UNKNOWN', 'the specified tag does not exist', { name, tag });

export const unknownManifest = (name: string, digest: string) =>
  refusal(404, 'MANIFEST_UNKNOWN', `manifest ${digest} is not found`, { Name: name, Revision: digest });

export const invalidName = (name: string) => refusal(400, 'NAME_INVALID', 'invalid repository name', { name });

export const notFound = (path: string) => refusal(404, 'NOT_FOUND', `there is nothing at ${path}`);

export const methodNotAllowed = (method: string) =>
  refusal(405, 'UNSUPPORTED', `${method} is not supported by this resource`);

export const disallowed = () =>
  refusal(
    405,
    'REGISTRY_DISALLOWED_OPERATION',
    'The operation is disallowed on this registry, repository or image. View troubleshooting steps at ' +
      'https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation',
  );
