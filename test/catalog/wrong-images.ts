import { type Wrong, withEntry, withImage, withTags, withUpstream } from './wrong-catalogs.ts';

export const upstreams: Wrong[] = [
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

export const entries: Wrong[] = [
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

export const between: Wrong[] = [
  ['a tag twice', withTags('[a, b, a]'), 'images.node.tags[2]', 'a is tracked already'],
  [
    'a dependent of no registry',
    withImage('dependents: { tasks: [dv/hello-world] }'),
    'images.node.dependents.tasks[0]',
    'key dv',
    'Did you mean dev?',
  ],
  [
    'a dependent whose name no task can have',
    withImage('dependents: { tasks: [dev/x] }'),
    'images.node.dependents.tasks[0]',
    'x cannot be the name of a task. the name of an ACR Task: 5 to 50 letters',
  ],
  [
    'a dependent whose name no task can have, in parts',
    withImage('dependents: { tasks: [{ registry: dev, task: x }] }'),
    'images.node.dependents.tasks[0].task',
    'x cannot be the name of a task.',
  ],
  [
    'a dependent without its registry',
    withImage('dependents: { tasks: [hello-world] }'),
    'images.node.dependents.tasks[0]',
    'KEY/task, with the key of a registry above',
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
