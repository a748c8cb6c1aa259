import { describe, expect, it } from 'vitest';
import { adviceFor } from '../../src/lib/azure/errors.ts';
import { classifyImportFailure } from '../../src/lib/azure/import-failures.ts';
import { adviceForRefusal } from '../../src/lib/azure/roles.ts';
import { failure } from '../../src/lib/azure/tables/access.ts';
import { maskSecrets } from '../../src/lib/http/mask.ts';
import { explainStatus } from '../../src/lib/upstream/read-tag.ts';
import { repository } from './fixture.ts';

const target = 'contoso.azurecr.io/base-images/node:9-alpine';

/** Messages of Azure, one for each rule of import-failures.ts that has advice. */
const imports = [
  'Invalid message 429 Too Many Requests',
  'client with IP 1.2.3.4 is not allowed access',
  'more than 50 manifests',
  'the storage limit was reached',
  '401 unauthorized',
  'no such host',
  "The client 'x' has permission to perform action 'y' on scope 's'; however, it does not have permission to perform action 'read' on the linked scope(s) '/subscriptions/s/registries/r' or the linked scope(s) are invalid.",
];

const upstream = { registry: new URL('https://ghcr.io'), repository: repository('contoso/app') };

const advice: readonly (readonly [what: string, text: string | undefined])[] = [
  ...[401, 403, 404, 405].map((status) => [`${status}`, adviceFor(status, '', 'read tag', target)] as const),
  ['a network rule', adviceFor(403, 'denied by a firewall', 'read tag', target)],
  ...['importImage', 'scheduleRun', 'delete', 'push', 'pull', 'read'].map(
    (action) => [action, adviceForRefusal(action, target)] as const,
  ),
  ...imports.map((message) => {
    const state = classifyImportFailure(message);
    return [message, state.kind === 'failed' ? state.why : undefined] as const;
  }),
  ...[401, 403, 404].map(
    (statusCode) =>
      [`a table: ${statusCode}`, failure('read row', 'sluiceTags/a', { statusCode }).details.advice] as const,
  ),
  ...[undefined, 'GHCR'].map(
    (credentials) => [`upstream, as ${credentials}`, explainStatus(401, { ...upstream, credentials })] as const,
  ),
];

describe('what a person is told to do', () => {
  it.each(advice)('is not masked as if it were a secret: %s', (_, text) => {
    expect(text).toMatch(/\w/);
    expect(maskSecrets(`. ${text}`)).toBe(`. ${text}`);
  });
});
