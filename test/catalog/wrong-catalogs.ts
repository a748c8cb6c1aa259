import { longestScript } from '../../src/lib/catalog/resolve-validation.ts';
import { head, subscription } from './load-text.ts';

export const files = {
  'validations/node.sh': 'node --version\n',
  'validations/empty.sh': ' \n',
  'validations/long.sh': 'x'.repeat(longestScript + 1),
};

/** One image, whose single line is line 6 of the file. */
export const withImage = (members: string) =>
  `${head}images:\n  node: { upstream: docker.io/library/node, tags: [a], ${members} }\n`;
export const withUpstream = (upstream: string) => `${head}images:\n  node: { upstream: ${upstream}, tags: [a] }\n`;
export const withTags = (tags: string) =>
  `${head}images:\n  node: { upstream: docker.io/library/node, tags: ${tags} }\n`;
export const withEntry = (entry: string) => withImage(`validate: [${entry}]`);
export const withDev = (dev: string) => head.replace('dev: { name: contosodev }', dev).concat('images: {}\n');

/** What makes it wrong, the text, and the one problem: its path, a part of what it says, and its hint. */
export type Wrong = [title: string, text: string, path: string, part: string, hint?: string];

export const shape: Wrong[] = [
  ['a key nobody knows', withImage('gates: {}'), 'images.node.gates', 'key gates is not known', 'Did you mean gate?'],
  ['a top-level key nobody knows', `${head}image: {}\nimages: {}\n`, 'image', 'not known', 'Did you mean images?'],
  ['no buffer', head.replace('buffer: buffer\n', '').concat('images: {}\n'), 'buffer', 'buffer is missing'],
  ['no images', head, 'images', 'images is missing'],
  ['no upstream', `${head}images:\n  node: { tags: [a] }\n`, 'images.node.upstream', 'upstream is missing'],
  ['no tags', `${head}images:\n  node: { upstream: docker.io/a }\n`, 'images.node.tags', 'tags is missing'],
  ['an empty list of tags', withTags('[]'), 'images.node.tags', 'A list is not right'],
  ['a tag outside a list', withTags('a'), 'images.node.tags', '"a" is not right'],
  [
    'a tag that YAML reads as a number',
    withTags('[20.10]'),
    'images.node.tags[0]',
    '20.1 ',
    'Write it in quotes: "20.10"',
  ],
  ['a range that is none', withTags('["semver:twenty"]'), 'images.node.tags[0]', 'semver:twenty'],
  ['more tags than anybody follows', withTags('[{ glob: "*", newest: 1000 }]'), 'images.node.tags[0].newest', '1000'],
  ['an exact tag as a glob', withTags('[{ glob: latest }]'), 'images.node.tags[0].glob', '"latest"'],
  [
    'a name of two segments',
    `${head}images:\n  a/b: { upstream: ghcr.io/a/b, tags: [a] }\n`,
    'images.a/b',
    '"a/b" is not a name',
  ],
  ['a repository in upper case', withImage('target: Base/node'), 'images.node.target', '"Base/node"'],
  ['a target with a tag', withImage('target: base/node:1'), 'images.node.target', '"base/node:1"'],
  [
    'a word that is none of the known',
    withImage('gate: { approval: requird }'),
    'images.node.gate.approval',
    'requird',
    'Did you mean required?',
  ],
  ['a duration without unit', withImage('gate: { soak: 24 }'), 'images.node.gate.soak', '24 is not right'],
  ['a soak of more than a year', withImage('gate: { soak: 400d }'), 'images.node.gate.soak', '400d'],
  [
    'a day that is none',
    withImage('gate: { promoteDuring: Mon-Fry 08:00-17:00 UTC }'),
    'images.node.gate.promoteDuring',
    'Fry',
    'Did you mean Fri?',
  ],
  [
    'a zone that is none',
    withImage('gate: { promoteDuring: Mon 08:00-17:00 Europe/Berln }'),
    'images.node.gate.promoteDuring',
    'Berln',
    'Did you mean Europe/Berlin?',
  ],
  ['an empty gate', withImage('gate:'), 'images.node.gate', 'An empty value'],
  [
    'no parallelism at all',
    withImage('dependents: { maxParallel: 0 }'),
    'images.node.dependents.maxParallel',
    '0 is not right',
  ],
  [
    'a switch that is not true or false',
    withImage('dependents: { discover: "yes" }'),
    'images.node.dependents.discover',
    '"yes"',
  ],
];

export const registries: Wrong[] = [
  [
    'a buffer that is not there',
    `${head.replace('buffer: buffer', 'buffer: bufer')}images: {}\n`,
    'buffer',
    'No registry has the key bufer',
    'Did you mean buffer?',
  ],
  ['a key that cannot be a name', withDev('"d/v": { name: contosodev }'), 'registries.d/v', '"d/v" is not a name'],
  ['a name that Azure refuses', withDev('dev: { name: contoso-dev }'), 'registries.dev.name', '"contoso-dev"'],
  ['no name, where the key cannot be one', withDev('dev: {}'), 'registries.dev', 'name is missing'],
  [
    'a subscription that is no id',
    withDev('dev: { name: contosodev, subscription: mine }'),
    'registries.dev.subscription',
    '"mine"',
  ],
  [
    'a login server with https',
    withDev('dev: { name: contosodev, loginServer: "https://a.b" }'),
    'registries.dev.loginServer',
    'https',
  ],
  [
    'a resource id of something else',
    withDev('dev: { resourceId: /subscriptions/x }'),
    'registries.dev.resourceId',
    '"/subscriptions/x"',
  ],
  [
    'one registry under two keys',
    withDev('dev: { name: ContosoBase }'),
    'registries.dev',
    'contosobase has the key buffer already',
  ],
  [
    'two registries at one login server',
    withDev('dev: { name: contosodev, loginServer: contosobase.azurecr.io }'),
    'registries.dev',
    'has the key buffer already',
  ],
  [
    'a name beside a resource id',
    withDev(
      `dev: { name: contosodev, resourceId: /subscriptions/${subscription}/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contosodev }`,
    ),
    'registries.dev.name',
    'in resourceId already',
  ],
  [
    'a buffer without group',
    head.replace(', resourceGroup: rg', '').concat('images: {}\n'),
    'registries.buffer',
    'resourceGroup missing',
  ],
];
