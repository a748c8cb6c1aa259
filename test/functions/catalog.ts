/** A catalog for tests without a registry: one exact tag, one pattern, and one upstream that two images share. */
import { loadCatalog } from '../../src/lib/catalog/load.ts';

const text = `
buffer: buffer
registries:
  buffer: { name: contosobaseimages, resourceGroup: rg, subscription: 6d1e3a52-7f0c-4a0b-9d55-2f7c2f1f0a10 }
  golden: { name: contosogolden, resourceGroup: rg, subscription: 6d1e3a52-7f0c-4a0b-9d55-2f7c2f1f0a10 }
images:
  node: { upstream: buffer/public/node, tags: [9-alpine] }
  node-again: { upstream: buffer/public/node, tags: [9-alpine] }
  python: { upstream: { image: docker.io/library/python }, tags: ["3.*"] }
  dotnet: { upstream: golden/dotnet, tags: ["10.0"] }
`;

const loaded = loadCatalog({ file: 'sluice.yaml', text, readFile: () => undefined, settings: {} });
if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
export const { catalog } = loaded;
