import { describe, expect, it } from 'vitest';
import { formatProblems } from '../../src/lib/catalog/problem.ts';
import { longestScript } from '../../src/lib/catalog/resolve-validation.ts';
import { head, problemsOf, subscription } from './load-text.ts';

const files = {
  'validations/node.sh': 'node --version\n',
  'validations/empty.sh': ' \n',
  'validations/long.sh': 'x'.repeat(longestScript + 1),
};

/** One image, whose single line is line 6 of the file. */
const withImage = (members: string) =>
  `${head}images:\n  node: { upstream: docker.io/library/node, tags: [a], ${members} }\n`;
const withUpstream = (upstream: string) => `${head}images:\n  node: { upstream: ${upstream}, tags: [a] }\n`;
const withTags = (tags: string) => `${head}images:\n  node: { upstream: docker.io/library/node, tags: ${tags} }\n`;
const withEntry = (entry: string) => withImage(`validate: [${entry}]`);
const withDev = (dev: string) => head.replace('dev: { name: contosodev }', dev).concat('images: {}\n');

type Wrong = [title: string, text: string, path: string, part: string, hint?: string];

const shape: Wrong[] = [
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

const registries: Wrong[] = [
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

const upstreams: Wrong[] = [
  [
    'a short name, which could be two things',
    withUpstream('bitnami/redis'),
    'images.node.upstream',
    'does not say which registry',
  ],
  ['a bare name', withUpstream('node'), 'images.node.upstream', '"node" is not right'],
  ['a tag in the upstream', withUpstream('docker.io/library/node:20'), 'images.node.upstream', 'node:20'],
  [
    'a registry that is not there',
    withUpstream('{ registry: dv, repository: a }'),
    'images.node.upstream.registry',
    'No registry has the key dv',
    'Did you mean dev?',
  ],
  [
    'a registry without repository',
    withUpstream('{ registry: dev }'),
    'images.node.upstream.repository',
    'repository is missing',
  ],
  [
    'credentials that no setting holds',
    withUpstream('{ image: ghcr.io/a/b, credentials: GHCR }'),
    'images.node.upstream.credentials',
    'GHCR_USERNAME and GHCR_PASSWORD',
  ],
  [
    'credentials under a wrong key',
    withUpstream('{ image: ghcr.io/a/b, credential: GHCR }'),
    'images.node.upstream.credential',
    'not known',
    'Did you mean credentials?',
  ],
];

const entries: Wrong[] = [
  ['a kind nobody knows', withEntry('{ rnu: [a] }'), 'images.node.validate[0]', 'A map of rnu', 'Did you mean run?'],
  [
    'two kinds at once',
    withEntry('{ run: [a], script: validations/node.sh }'),
    'images.node.validate[0].script',
    'key script is not known',
  ],
  ['a command that is one text', withEntry('{ run: node -e 1 }'), 'images.node.validate[0].run', '"node -e 1"'],
  [
    'an argument that is a number',
    withEntry('{ run: [exit, 1] }'),
    'images.node.validate[0].run[1]',
    '1 is not',
    'Write it in quotes: "1"',
  ],
  [
    'a limit with a slip',
    withEntry('{ run: [a], memroy: 1g }'),
    'images.node.validate[0].memroy',
    'not known',
    'Did you mean memory?',
  ],
  ['a limit of no size', withEntry('{ run: [a], memory: lots }'), 'images.node.validate[0].memory', '"lots"'],
  [
    'a timeout that ACR would not keep',
    withEntry('{ task: scan-node, timeout: 9h }'),
    'images.node.validate[0].timeout',
    '"9h"',
  ],
  [
    'a file that is not there',
    withEntry('{ script: validations/none.sh }'),
    'images.node.validate[0].script',
    'no file validations/none.sh',
  ],
  [
    'a script that would pass everything',
    withEntry('{ script: validations/empty.sh }'),
    'images.node.validate[0].script',
    'is empty',
  ],
  [
    'a script too long for a task',
    withEntry('{ script: validations/long.sh }'),
    'images.node.validate[0].script',
    'too long',
  ],
  [
    'a file outside what is deployed',
    withEntry('{ script: scripts/node.sh }'),
    'images.node.validate[0].script',
    'scripts/node.sh',
  ],
  [
    'a path that climbs out',
    withEntry('{ steps: validations/../../secret.yaml }'),
    'images.node.validate[0].steps',
    'secret',
  ],
];

const between: Wrong[] = [
  ['a tag twice', withTags('[a, b, a]'), 'images.node.tags[2]', 'a is tracked already'],
  [
    'a dependent of no registry',
    withImage('dependents: { tasks: [dv/hello-world] }'),
    'images.node.dependents.tasks[0]',
    'key dv',
    'Did you mean dev?',
  ],
  [
    'a dependent twice',
    withImage('dependents: { tasks: [dev/hello, contosodev/hello] }'),
    'images.node.dependents.tasks[1]',
    'named twice',
  ],
  [
    'one repository for staging and target',
    withImage('staging: x/node, target: x/node'),
    'images.node.target',
    'staging and target are both x/node',
  ],
  [
    'an image fed by its own target',
    withUpstream('buffer/base-images/node'),
    'images.node.upstream',
    'would feed itself',
  ],
  [
    'an image fed by its own staging',
    withUpstream('contosobase.azurecr.io/staging/node'),
    'images.node.upstream',
    'would feed itself',
  ],
];

describe.each([
  ['the shape', shape],
  ['registries', registries],
  ['upstreams', upstreams],
  ['validations', entries],
  ['what stands between the parts', between],
])('in %s', (_, list) => {
  it.each(list)('refuses %s', (_title, text, path, part, hint) => {
    const problems = problemsOf(text, { files });
    expect(problems.map((it) => it.path)).toEqual([path]);
    const [problem] = problems;
    expect(`${problem?.message} ${problem?.expected}`).toContain(part);
    expect(problem?.hint).toBe(hint);
    expect(problem?.expected).not.toBe('');
    expect(problem?.expected).not.toMatch(/Invalid|expected/);
  });
});

describe('images that share a repository', () => {
  it('are refused, with the one that has it already', () => {
    const problems = problemsOf(`${head}images:
  a: { upstream: docker.io/library/a, tags: [x], target: base-images/b }
  b: { upstream: docker.io/library/b, tags: [x] }
  c: { upstream: docker.io/library/c, tags: [x], staging: base-images/b }
`);
    expect(problems.map((it) => [it.line, it.message])).toEqual([
      [7, 'base-images/b is the target of a already.'],
      [8, 'base-images/b is the target of a already.'],
    ]);
  });
});

describe('a loop through several images', () => {
  it('is refused at each of them, and an image that only leads into it is not blamed', () => {
    const problems = problemsOf(`${head}images:
  a: { upstream: buffer/base-images/c, tags: [x] }
  b: { upstream: buffer/base-images/a, tags: [x] }
  c: { upstream: buffer/base-images/b, tags: [x] }
  d: { upstream: buffer/base-images/a, tags: [x] }
`);
    expect(problems.map((it) => it.path)).toEqual(['images.a.upstream', 'images.b.upstream', 'images.c.upstream']);
    expect(problems[0]?.message).toMatch(/leads back to its own upstream: . → . → . → .\./);
  });
});

describe('a wrong catalog', () => {
  it('is answered with all its errors at once, in the order of the file', () => {
    const problems = problemsOf(`buffer: bufer
registries:
  buffer: { name: "\${NAME}", subscription: ${subscription}, resourceGroup: rg }
  dev: { name: contosodev, kik: false }
images:
  a:
    upstream: dv/x
    tags: [1, x, x]
    target: base-images/b
    validate: [{ run: a }, { script: validations/none.sh }]
    gate: { soak: 5, approval: yes }
  b:
    upstream: docker.io/library/b
    tags: [x]
    dependents: { tasks: [nowhere/hello], maxParallel: -1 }
`);
    expect(problems.map((it) => `${it.line}:${it.column} ${it.path}`)).toEqual([
      '1:9 buffer',
      '3:19 registries.buffer.name',
      '4:28 registries.dev.kik',
      '7:15 images.a.upstream',
      '8:12 images.a.tags[0]',
      '8:18 images.a.tags[2]',
      '10:23 images.a.validate[0].run',
      '10:38 images.a.validate[1].script',
      '11:19 images.a.gate.soak',
      '11:32 images.a.gate.approval',
      '15:27 images.b.dependents.tasks[0]',
      '15:56 images.b.dependents.maxParallel',
    ]);
  });

  it.each([
    ['nothing at all', '', '1:1'],
    ['a text', 'hello', '1:1'],
    ['broken YAML', 'buffer: [a\n', '2:1'],
    ['a key twice', 'buffer: a\nbuffer: b\n', '2:1'],
    ['an alias that leads into itself', 'buffer: &a [*a]\n', '1:1'],
    ['an alias of nothing', 'buffer: *a\n', '1:9'],
  ])('may be %s', (_, text, place) => {
    const [problem] = problemsOf(text);
    expect(`${problem?.line}:${problem?.column}`).toBe(place);
  });

  it('says so where a setting stands unquoted between braces', () => {
    const [problem, ...more] = problemsOf('buffer: a\nregistries: { a: { name: \u0024{NAME} } }\n');
    expect(problem).toMatchObject({ line: 2, hint: 'Inside { } and [ ], a value with \u0024{…} must be in quotes.' });
    expect(more).toEqual([]);
  });

  it('points into what an alias stands for', () => {
    const text = `${head}defaults: { gate: &gate { soak: 5 } }\nimages:\n  a: { upstream: docker.io/library/a, tags: [x], gate: *gate }\n`;
    expect(problemsOf(text).map((it) => [it.line, it.path])).toEqual([
      [5, 'defaults.gate.soak'],
      [5, 'images.a.gate.soak'],
    ]);
  });

  it('reads as file, place, path, what is wrong, what was expected', () => {
    expect(formatProblems(problemsOf(withImage('gates: {}')))).toBe(
      [
        'sluice.yaml:6:56  images.node.gates: The key gates is not known here.',
        '    Expected one of upstream, tags, staging, target, validate, gate, dependents.',
        '    Did you mean gate?',
        '1 problem.',
      ].join('\n'),
    );
  });
});
