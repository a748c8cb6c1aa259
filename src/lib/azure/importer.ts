import type { ImportSource } from '@azure/arm-containerregistry';
import type { Registry } from '../catalog/model.ts';
import { canonicalRegistry } from '../image/reference.ts';
import { nextForStatus } from '../pipeline/errors.ts';
import type { Importer, ImportRequest } from '../pipeline/ports.ts';
import type { ArmClients } from './arm.ts';
import { within } from './deadlines.ts';
import { adviceFor, failureOf, portError } from './errors.ts';
import { classifyImportFailure, type ImportFailureState } from './import-failures.ts';
import { handleFrom, isHandle, OperationWatch } from './import-operation.ts';

/** Credentials of an upstream by their name in the catalog. */
export type CredentialsByName = (
  name: string | undefined,
) =>
  | { readonly kind: 'none' }
  | { readonly kind: 'found'; readonly credentials: { readonly username: string; readonly password: string } }
  | { readonly kind: 'missing'; readonly why: string };

export interface ImporterOptions {
  readonly arm: ArmClients;
  readonly buffer: Registry;
  readonly credentials: CredentialsByName;
}

type Started = Awaited<ReturnType<Importer['start']>>;

/** Imports by ARM's `importImage`. The poller's state is the handle, so any process can go on looking. */
export function createImporter({ arm, buffer, credentials }: ImporterOptions): Importer {
  const operation = `import into`;

  /** One POST and one look; with a handle, one look alone. */
  async function begin(source: ImportSource, targetTag: string | undefined, resumeFrom: string | undefined) {
    const client = await arm.of(buffer.subscription);
    const watch = new OperationWatch();
    const parameters = { source, mode: 'NoForce', ...(targetTag && { targetTags: [targetTag] }) };
    const options = {
      abortSignal: within(resumeFrom ? 'read' : 'write'),
      onResponse: watch.onResponse,
      ...(resumeFrom && { resumeFrom }),
    };
    const running = client.registries.beginImportImage(buffer.resourceGroup, buffer.name, parameters, options);
    return running.then(
      (poller) => ({ watch, handle: poller.toString(), done: poller.isDone(), error: undefined }),
      (error: unknown) => ({ watch, handle: undefined, done: false, error: error ?? new Error('unknown') }),
    );
  }

  return {
    async start(request) {
      const source = sourceOf(request, buffer, credentials);
      if ('why' in source) return { kind: 'failed', next: 'stall', why: source.why };
      const target = `${request.repository}:${request.tag}`;
      const { watch, handle, done, error } = await begin(source, target, undefined);
      if (watch.failure !== undefined) return classifyImportFailure(watch.failure);
      if (error === undefined) return done ? { kind: 'succeeded' } : started(handle);
      if (watch.location === undefined) return refusedStart(error, `${buffer.loginServer}/${target}`);
      // Accepted, and the first look failed: either the import did, or only the look.
      return failedImport(error) ?? started(handleFrom(watch.location));
    },

    async poll(handle) {
      if (!isHandle(handle)) {
        return { kind: 'failed', next: 'retry', why: 'what was saved of the import cannot be read; it starts again' };
      }
      const { watch, done, error } = await begin({ sourceImage: '' }, undefined, handle);
      if (watch.failure !== undefined) return classifyImportFailure(watch.failure);
      if (error === undefined) return done ? { kind: 'succeeded' } : { kind: 'running' };
      const failure = failedImport(error);
      if (failure) return failure;
      throw portError(error, 'look at an import into', buffer.loginServer);
    },
  };

  function started(handle: string | undefined): Started {
    if (handle !== undefined) return { kind: 'started', handle };
    return { kind: 'failed', next: 'retry', why: 'Azure accepted the import and named no place to look at it' };
  }

  function refusedStart(error: unknown, target: string): Started {
    const { status, message } = failureOf(error);
    const next = nextForStatus(status) === 'retry' ? 'retry' : 'stall';
    // A request that is refused in its own words tells of the source as a poll does.
    if (status === 400 || status === 409 || status === 403) {
      const state = classifyImportFailure(message);
      if (status !== 403 || state.kind !== 'failed') return state;
    }
    const advice = adviceFor(status, message, 'importImage', buffer.resourceId);
    return { kind: 'failed', next, why: `Could not ${operation} ${target}: ${message}${advice ? `; ${advice}` : ''}` };
  }
}

const endOfImport = new Set([400, 404, 409, 410, 412, 422]);

/** What a look says of the import itself; undefined where it says something of the look. */
function failedImport(error: unknown): ImportFailureState | undefined {
  const { status, message } = failureOf(error);
  if (/Operation registries-\S+ failed/i.test(message)) return classifyImportFailure(message);
  if (status === undefined || !endOfImport.has(status)) return undefined;
  if (status === 404 || status === 410) {
    return { kind: 'failed', next: 'retry', why: 'Azure does not know the import any more; it starts again' };
  }
  return classifyImportFailure(message);
}

function sourceOf(
  { source, digest }: ImportRequest,
  buffer: Registry,
  credentials: CredentialsByName,
): ImportSource | { readonly why: string } {
  const sourceImage = `${source.repository}@${digest}`;
  if (source.kind === 'buffer') return { resourceId: buffer.resourceId, sourceImage };
  if (source.kind === 'acr') return { resourceId: source.registry.resourceId, sourceImage };
  const found = credentials(source.credentials);
  if (found.kind === 'missing') return { why: found.why };
  const registryUri = canonicalRegistry(source.host);
  if (found.kind === 'none') return { registryUri, sourceImage };
  const { username, password } = found.credentials;
  return { registryUri, sourceImage, credentials: { username, password } };
}
