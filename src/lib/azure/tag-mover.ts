import type { Registry } from '../catalog/model.ts';
import type { Digest } from '../image/digest.ts';
import type { Repository, Tag } from '../image/names.ts';
import { explain, nextForStatus } from '../pipeline/errors.ts';
import type { Clock, PutAnswer, TagMover } from '../pipeline/ports.ts';
import type { AzureTagReader } from './buffer.ts';
import { within } from './deadlines.ts';
import { failureOf, portError } from './errors.ts';
import { guarded, PutAttempt } from './put-guard.ts';
import type { RegistryClients } from './registry-clients.ts';

export interface TagMoverOptions {
  readonly clients: RegistryClients;
  readonly reader: AzureTagReader;
  readonly buffer: Registry;
  /** The clock that `sendBefore` is measured by. */
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Moves a tag inside a repository: one GET of the manifest's bytes, and one PUT of the same bytes under the tag. */
export function createTagMover({ clients, reader, buffer, clock }: TagMoverOptions): TagMover {
  const { loginServer } = buffer;

  async function readManifest(repository: Repository, digest: Digest) {
    const { content, mediaType } = await clients.content(loginServer, repository, (client) =>
      client.getManifest(digest, { abortSignal: within('read') }),
    );
    return { content, mediaType };
  }

  /** The answer's Date; where it has none, the time that the registry gives the tag. */
  async function timeOf(attempt: PutAttempt, repository: Repository, tag: Tag, digest: Digest): Promise<PutAnswer> {
    const date = Date.parse(attempt.date ?? '');
    if (!Number.isNaN(date)) return { kind: 'put', at: date };
    const reading = await reader.readTag(buffer, repository, tag);
    if (reading.kind === 'found' && reading.digest === digest && reading.at !== undefined) {
      return { kind: 'put', at: reading.at };
    }
    return { kind: 'unclear', why: `${loginServer} took ${repository}:${tag} and did not say when` };
  }

  return {
    async moveTag(repository, tag, digest, sendBefore) {
      const target = `${loginServer}/${repository}:${tag}`;
      const attempt = new PutAttempt(() => clock.monotonic() > sendBefore);
      if (attempt.isLate()) return tooLate(target);
      try {
        const { content, mediaType } = await readManifest(repository, digest);
        // The SDK takes a KnownManifestMediaType or any text; what the registry gave goes back unchanged.
        const options = { tag, mediaType, abortSignal: within('write') };
        await guarded(attempt, () =>
          clients.content(loginServer, repository, (client) => client.setManifest(content, options)),
        );
        return await timeOf(attempt, repository, tag, digest);
      } catch (error) {
        if (attempt.late) return tooLate(target);
        // The registry said yes, and the SDK missed something in the answer.
        if (isSuccess(attempt.status)) return timeOf(attempt, repository, tag, digest);
        return judge(attempt, error, target);
      }
    },
  };
}

function tooLate(target: string): PutAnswer {
  const why = `${target} was not moved: what the move rests on was read too long ago`;
  return { kind: 'refused', next: 'retry', why };
}

function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

/** Once the request is out, only a plain no is a no. */
function judge(attempt: PutAttempt, error: unknown, target: string): PutAnswer {
  const failure = failureOf(error);
  const why = explain(portError(error, 'move tag', target));
  const status = attempt.status ?? failure.status;
  const plainNo = status !== undefined && status >= 400 && status < 500 && status !== 408;
  if (attempt.sent && !failure.without && !plainNo) return { kind: 'unclear', why };
  return { kind: 'refused', next: nextForStatus(failure.status) === 'retry' ? 'retry' : 'stall', why };
}
