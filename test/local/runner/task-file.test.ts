import { describe, expect, test } from 'vitest';
import { loadTaskFile } from '../../../local/runner/task-file/load.ts';

const data = {
  run: { ID: 'ca7', Registry: 'contoso.azurecr.io', RegistryName: 'contoso', SharedVolume: 'acb_vol_1', Branch: '' },
  values: new Map([
    ['image', 'node:20'],
    ['two', 'a\n      b'],
  ]),
};

function plan(content: string) {
  const loaded = loadTaskFile(content, data);
  if (!loaded.ok) throw new Error(loaded.message);
  return loaded.plan;
}

function message(content: string): string {
  const loaded = loadTaskFile(content, data);
  return loaded.ok ? 'no error' : loaded.message;
}

function command(content: string): unknown {
  const [step] = plan(content).steps;
  return step?.action.kind === 'cmd' ? step.action.command : step?.action;
}

describe('templates and aliases', () => {
  test.each([
    ['a Run variable', '{{.Run.Registry}}/x:{{ .Run.ID }}', 'contoso.azurecr.io/x:ca7'],
    ['a value, as text', 'x {{.Values.image}}', 'x node:20'],
    ['a value that was not given as nothing', 'x [{{.Values.none}}]', 'x []'],
    ['a filter', 'x {{.Values.image | b64enc}} {{ .Values.none | default "d" }}', 'x bm9kZToyMA== d'],
    ['a literal in braces', 'x {{ "{{" }}', 'x {{'],
    ['nothing for a comment, and trims', 'x  {{- /* no */ -}}  y', 'xy'],
    ['a global alias', '$Registry/x:$ID', 'contoso.azurecr.io/x:ca7'],
    ['an unknown alias as it stands', 'x $HOME', 'x $HOME'],
    ['a doubled directive as one', 'x $$ID', 'x $ID'],
    ['an image that has an alias', 'bash echo hi', 'mcr.microsoft.com/acr/bash:fe316c9 echo hi'],
  ])('renders %s', (_, text, expected) => {
    expect(command(`version: v1.1.0\nsteps:\n  - cmd: ${text}\n`)).toBe(expected);
  });

  test('uses the aliases a task defines, with its own directive', () => {
    const content =
      'version: v1.1.0\nalias:\n  directive: "!"\n  values:\n    app: hello-$x\nsteps:\n  - cmd: !app $ID\n';
    expect(command(content.replace('cmd: !app', 'cmd: x !app'))).toBe('x hello-$x $ID');
  });

  test('has no aliases before version 1.1.0', () => {
    expect(command('steps:\n  - cmd: x $ID\n')).toBe('x $ID');
    expect(command('version: v1.0.0\nsteps:\n  - cmd: bash $ID\n')).toBe('bash $ID');
  });

  test('does not render templates in comment lines', () => {
    expect(command('version: v1.1.0\n# {{ broken\nsteps:\n  - cmd: x\n')).toBe('x');
  });
});

describe('errors name the line and column of the text as it was given', () => {
  const head = 'version: v1.1.0\nsteps:\n';
  test.each([
    ['an unknown key', `${head}  - cmd: x\n    retires: 3\n`, 'line 4, column 5: unknown key "retires" in steps[0]'],
    ['an unknown top-level key', `${head}  - cmd: x\nstep: 1\n`, 'line 4, column 1: unknown key "step"'],
    [
      'a key behind pasted text',
      `${head}  - cmd: $Registry {{.Values.two}}\n    bad: 1\n`,
      'line 4, column 5: unknown key "bad"',
    ],
    ['an unclosed template', `${head}  - cmd: x {{.Values.a\n`, 'line 3, column 12: failed to parse template'],
    [
      'a function that does not exist',
      `${head}  - cmd: x {{ nope "a" }}\n`,
      'line 3, column 15: failed to parse template: function "nope" not defined',
    ],
    [
      'a variable that does not exist',
      `${head}  - cmd: x {{.Run.Nope}}\n`,
      'line 3, column 14: template names .Run.Nope',
    ],
    [
      'a template behind an alias',
      `${head}  - cmd: $Registry {{.Run.Nope}}\n`,
      'line 3, column 22: template names .Run.Nope',
    ],
    ['broken YAML', `${head}  - cmd: "x\n`, 'line '],
    [
      'a step without an action',
      `${head}  - id: x\n`,
      'line 3, column 5: step is missing a cmd, build, or push property',
    ],
    [
      'a step with two actions',
      `${head}  - cmd: x\n    build: .\n`,
      'line 3, column 5: step must only contain a single',
    ],
    ['a wrong type', `${head}  - cmd: x\n    retries: soon\n`, 'line 4, column 5: '],
    ['a wrong version', 'version: v9\nsteps:\n  - cmd: x\n', 'line 1, column 1: invalid version specified: "v9"'],
    [
      'secrets',
      `${head}  - cmd: x\nsecrets:\n  - id: a\n`,
      'line 4, column 1: secrets are not supported by the local runner',
    ],
    ['networks', `${head}  - cmd: x\nnetworks:\n  - name: a\n`, 'line 4, column 1: networks are not supported'],
    [
      'a detached container',
      `${head}  - cmd: x\n    detach: true\n`,
      'line 4, column 5: detached containers are not supported',
    ],
    [
      'a privileged container',
      `${head}  - cmd: x\n    privileged: true\n`,
      'line 4, column 5: privileged containers are not supported',
    ],
    [
      'a duplicate id',
      `${head}  - cmd: x\n    id: a\n  - cmd: y\n    id: a\n`,
      'line 6, column 5: a already exists as a vertex',
    ],
    [
      'an unknown dependency',
      `${head}  - cmd: x\n    when: [nope]\n`,
      'line 4, column 5: nope does not exist as a vertex',
    ],
    ['a step that waits for itself', `${head}  - cmd: x\n    id: a\n    when: [a]\n`, 'Step ID: a is self-referenced'],
    [
      '"-" beside another id',
      `${head}  - cmd: x\n    id: a\n  - cmd: y\n    when: ["-", a]\n`,
      'line 6, column 5: step cannot contain other IDs',
    ],
    ['no steps', 'version: v1.1.0\nsteps: []\n', 'line 2, column 1: the task has no steps'],
    ['text that is no map', 'hello', 'line 1, column 1: a task file is a map'],
    [
      'a mount without its volume',
      `${head}  - cmd: x\n    volumeMounts: [{name: v, mountPath: /v}]\n`,
      'provided mount name does not correspond to a volume',
    ],
  ])('%s', (_, content, expected) => {
    expect(message(content)).toContain(`failed to deserialize task and validate: `);
    expect(message(content)).toContain(expected);
  });

  test('reads a hostile template in time', () => {
    expect(message(`${head}  - cmd: x {{ ${'"a" '.repeat(5000)}\n`)).toContain('has no }}');
  });
});

describe('the plan', () => {
  test('fills in what a file leaves open', () => {
    const [step] = plan('version: v1.1.0\nsteps:\n  - cmd: x\n').steps;
    expect(step).toMatchObject({
      id: 'acb_step_0',
      after: [],
      timeout: 600,
      retries: 0,
      retryDelay: 5,
      ignoreErrors: false,
    });
  });

  test('orders steps by how they are written, except where "when" says otherwise', () => {
    const content = `version: v1.1.0
steps:
  - {id: a, cmd: x}
  - {id: b, cmd: x}
  - {id: c, cmd: x, when: ["-"]}
  - {id: d, cmd: x, when: [a, c]}
`;
    expect(plan(content).steps.map(({ id, after }) => [id, after])).toEqual([
      ['a', []],
      ['b', ['a']],
      ['c', []],
      ['d', ['a', 'c']],
    ]);
  });

  test('gives steps the task’s settings where they have none of their own', () => {
    const content = `version: v1.1.0
stepTimeout: 30
workingDirectory: sub
env: [A=1, B=2]
steps:
  - {cmd: x, env: [B=3]}
  - {cmd: y, timeout: 9, workingDirectory: other}
`;
    const [first, second] = plan(content).steps;
    expect(first).toMatchObject({ timeout: 30, workingDirectory: 'sub', env: ['B=3', 'A=1'] });
    expect(second).toMatchObject({ timeout: 9, workingDirectory: 'other', env: ['A=1', 'B=2'] });
  });
});
