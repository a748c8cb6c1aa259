import { describe, expect, it } from 'vitest';
import { importFailures } from '../../local/arm/import/failures.ts';
import { classifyImportFailure } from '../../src/lib/azure/import-failures.ts';

const guid = 'registries-0a401f29-429b-4f3a-9b1e-503c0a403fce';
const resource =
  '/subscriptions/6d1e3a52-7f0c-4a0b-9d55-2f7c2f1f0a10/resourceGroups/rg-401/providers/Microsoft.ContainerRegistry/registries/contoso429';
const told = (cause: string) => `Operation ${guid} failed. Resource ${resource} ${cause}`;

describe('what a failed import means', () => {
  it.each([
    'Tag hello-world:v3 already exists in target registry.',
    'Tag staging/node:429-unauthorized already exists in target registry.',
  ])('exists: %s', (cause) => {
    expect(classifyImportFailure(told(cause))).toEqual({ kind: 'exists' });
  });

  it.each([
    'Unable to find manifest digest  Repo: library/node Tag:  Manifest: sha256:abc',
    'Unable to find manifest digest  Repo: team/401 Tag: 429 Manifest: ',
    'Invalid message NotFound Not Found {"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}',
    'Invalid message NotFound Not Found {"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known"}]}',
  ])('gone: %s', (cause) => {
    expect(classifyImportFailure(told(cause))).toMatchObject({ kind: 'gone' });
  });

  it.each([
    ['Invalid message 429 Too Many Requests {"errors":[{"code":"TOOMANYREQUESTS"}]} (HAP429).', /credentials.*raise/],
    ['Error copying blobs', /copying/],
    ['Invalid message ServiceUnavailable 503 Service Unavailable', /503/],
    ['The operation timed out.', /timed out/],
    ['Words that nobody has seen before', /Words that nobody/],
  ])('worth another try: %s', (cause, why) => {
    expect(classifyImportFailure(told(cause))).toMatchObject({
      kind: 'failed',
      next: 'retry',
      why: expect.stringMatching(why),
    });
  });

  it.each([
    ['Invalid message Unauthorized 401 {"errors":[{"code":"UNAUTHORIZED"}]}', /add credentials.*sluice\.yaml/],
    ['pull access denied for private/image', /add credentials/],
    [
      'client with IP 20.1.2.3 is not allowed access. Refer https://aka.ms/acr/firewall to grant access.',
      /network rules/,
    ],
    ['The image has 51 manifests or more; at most 50 can be imported.', /50 manifests/],
    ['Storage limit exceeded', /full/],
    ['dial tcp: lookup registry.exmaple: no such host', /host in sluice\.yaml/],
  ])('needs a person: %s', (cause, why) => {
    expect(classifyImportFailure(told(cause))).toMatchObject({
      kind: 'failed',
      next: 'stall',
      why: expect.stringMatching(why),
    });
  });

  it('names the registry on which the role is missing, and the role', () => {
    const source = resource.replace('contoso429', 'contosodev');
    const { cause } = importFailures.linkedScope('11111111-1111-1111-1111-111111111111', resource, source);
    expect(classifyImportFailure(told(cause))).toMatchObject({
      next: 'stall',
      why: expect.stringContaining(`'Container Registry Data Importer and Data Reader' on ${source}`),
    });
  });

  it('is not misled by ids that hold the digits of a status', () => {
    expect(classifyImportFailure(told('Error copying blobs.'))).toMatchObject({ next: 'retry' });
    expect(classifyImportFailure(told(`Unknown trouble with sha256:${'429'.repeat(21)}4`))).not.toMatchObject({
      why: expect.stringContaining('limits pulls'),
    });
  });

  it('tells the cause without the operation, and without credentials', () => {
    const state = classifyImportFailure(told('Error copying blobs from https://u:planted-password@r.example/'));
    expect(state).toMatchObject({ why: expect.stringMatching(/^Error copying blobs/) });
    expect(JSON.stringify(state)).not.toContain('planted-password');
  });
});
