import { describe, expect, it } from 'vitest';
import { infrastructureOf } from '../../scripts/check/infrastructure.ts';
import { placeholders } from '../../scripts/check/placeholders.ts';
import { readDocument } from '../../src/lib/catalog/document.ts';
import { settingsIn } from '../../src/lib/catalog/settings.ts';
import { load } from './load-text.ts';

const S = '$';
const text = `buffer: buffer
registries:
  buffer: { resourceId: "${S}{BUFFER_RESOURCE_ID}", loginServer: "${S}{BUFFER_LOGIN_SERVER}" }
  dev: { name: "${S}{DEV}", subscription: "${S}{DEV_SUBSCRIPTION}", kick: false }
  devtools: { name: "${S}{DEV_TOOLS}" }
images:
  app: { upstream: { image: ghcr.io/a/b, credentials: GHCR }, tags: [a, "1.*"] }
  node: { upstream: dev/public/node, tags: [a] }
  same: { upstream: dev/public/node, tags: [b], target: own/same }
`;

function infrastructure() {
  const uses = settingsIn(readDocument('sluice.yaml', text).value);
  const stand = placeholders(uses);
  const result = load(text, { settings: Object.fromEntries(stand) });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return infrastructureOf({ ...result, uses, placeholders: stand });
}

describe('what the infrastructure is told', () => {
  const told = infrastructure();

  it('keeps settings by name, since only a deployment knows their values', () => {
    expect(told.registries).toMatchObject([
      { key: 'buffer', resourceId: `${S}{BUFFER_RESOURCE_ID}`, name: '', loginServer: `${S}{BUFFER_LOGIN_SERVER}` },
      { key: 'dev', name: `${S}{DEV}`, subscription: `${S}{DEV_SUBSCRIPTION}`, kick: false },
      { key: 'devtools', name: `${S}{DEV_TOOLS}`, loginServer: `${S}{DEV_TOOLS}.azurecr.io` },
    ]);
  });

  it('lists every setting, those of credentials too', () => {
    const names = told.settings.map((it) => it.name);
    expect(names).toEqual([
      'BUFFER_RESOURCE_ID',
      'BUFFER_LOGIN_SERVER',
      'DEV',
      'DEV_SUBSCRIPTION',
      'DEV_TOOLS',
      'GHCR_USERNAME',
      'GHCR_PASSWORD',
    ]);
    expect(told.credentials).toEqual(['GHCR']);
  });

  it('lists the repositories of the buffer, and each upstream in a registry of ours once', () => {
    expect(told.repositories).toEqual({
      staging: ['staging/app', 'staging/node', 'staging/same'],
      targets: ['base-images/app', 'base-images/node', 'own/same'],
    });
    expect(told.upstreams).toEqual([{ registry: 'dev', repository: 'public/node' }]);
  });

  it('gives every image the same members, so that Bicep can read them all alike', () => {
    for (const image of told.images) {
      expect(Object.keys(image.upstream)).toEqual(['kind', 'registry', 'host', 'repository', 'credentials']);
    }
    expect(told.images[0]?.tags).toEqual(['a', '1.*']);
  });
});
