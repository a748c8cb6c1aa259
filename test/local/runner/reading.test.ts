import { describe, expect, test } from 'vitest';
import { basesOf, pinBases, scanDockerfile } from '../../../local/runner/builds/dockerfile.ts';
import { capabilities } from '../../../local/runner/container/capabilities.ts';
import { resolveUser } from '../../../local/runner/container/user.ts';
import { parseRun } from '../../../local/runner/docker-cli/run-options.ts';
import { parseBytes } from '../../../local/runner/docker-cli/sizes.ts';
import { isDockerCli } from '../../../local/runner/docker-cli/which.ts';
import { formatImageName, parseImageName } from '../../../local/runner/images/name.ts';
import { goDuration } from '../../../local/runner/log.ts';
import { shellWords } from '../../../local/runner/shell-words.ts';

const linux = { os: 'linux', architecture: 'amd64' };
const digest = `sha256:${'a'.repeat(64)}`;

describe('image names', () => {
  test.each([
    ['node', 'docker.io/library/node:latest'],
    ['team/app:1', 'docker.io/team/app:1'],
    ['localhost:5000/a/b:v1', 'localhost:5000/a/b:v1'],
    [`x.azurecr.io/a@${digest}`, `x.azurecr.io/a@${digest}`],
    [`x.azurecr.io/a:1@${digest}`, `x.azurecr.io/a:1@${digest}`],
  ])('reads %s', (text, expected) => {
    const name = parseImageName(text);
    expect(name && formatImageName(name)).toBe(expected);
  });

  test.each(['', 'Upper', 'a:b:c', 'a@sha256:1', 'a/../b', 'a//b', '-x', 'localhost:5000/', 'a b', 'a;b'])(
    'refuses %j',
    (text) => expect(parseImageName(text)).toBeUndefined(),
  );

  test.each([
    ['docker', true],
    ['docker:28-cli', true],
    ['mcr.microsoft.com/acr/moby-cli:linux-latest', true],
    [`localhost:5000/tools/docker@${digest}`, true],
    ['x.azurecr.io/tools/docker-cli:1', true],
    ['mcr.microsoft.com/acr/acr-cli:0.19', false],
    ['docker/app:1', false],
    ['node', false],
  ])('tells whether %s is the docker CLI', (image, expected) => expect(isDockerCli(image)).toBe(expected));
});

describe('a command’s words', () => {
  test.each([
    [`bash -c 'echo $HOME; ls'`, ['bash', '-c', 'echo $HOME; ls']],
    [`node -e "process.exit(x === 'red' ? 1 : 0)"`, ['node', '-e', `process.exit(x === 'red' ? 1 : 0)`]],
    ['a $UNSET b \\$KEPT', ['a', '', 'b', '$KEPT']],
    ["a '' '`id` $(id)'", ['a', '', '`id` $(id)']],
    ['a \\\n  b *.txt # comment', ['a', 'b', '*.txt']],
  ])('%s', (text, expected) => expect(shellWords(text)).toEqual({ ok: true, words: expected }));

  test.each(['a | b', 'a > /etc/x', 'a; b', 'a && b', 'a `id`', 'a "$(id)"', 'a $(id)', 'a &'])(
    'refuses what the agent’s shell would act on: %s',
    (text) => expect(shellWords(text).ok).toBe(false),
  );
});

describe('docker run', () => {
  const read = (text: string) => parseRun(text.split(' '));

  test('reads each flag in its forms', () => {
    const parsed = read(
      '--rm -i --network=none --cap-drop ALL -m 64m --cpus .5 -eA=1 -e B --pids-limit=9 --read-only -u 1:2 -w /x img -m arg',
    );
    expect(parsed).toMatchObject({
      ok: true,
      options: {
        image: 'img',
        args: ['-m', 'arg'],
        env: ['A=1', 'B'],
        network: 'none',
        capDrop: ['ALL'],
        readOnly: true,
        user: '1:2',
        workdir: '/x',
        limits: { memory: 64 * 1024 * 1024, nanoCpus: 5e8, pids: 9 },
      },
    });
  });

  // The words are those of the docker CLI 28.
  test.each([
    ['--bogus img', 'unknown flag: --bogus'],
    ['-Z img', "unknown shorthand flag: 'Z' in -Z"],
    ['--network', 'flag needs an argument: --network'],
    ['--memory=abc img', `invalid argument "abc" for "-m, --memory" flag: invalid size: 'abc'`],
    [
      '--pids-limit=abc img',
      'invalid argument "abc" for "--pids-limit" flag: strconv.ParseInt: parsing "abc": invalid syntax',
    ],
    ['--cpus=abc img', 'invalid argument "abc" for "--cpus" flag: failed to parse abc as a rational number'],
  ])('refuses a mistake with usage: %s', (text, message) => {
    expect(read(text)).toEqual({ ok: false, message, usage: true });
  });

  test.each([
    ['--privileged img', '--privileged is not supported'],
    ['-v /etc:/x img', 'the host path /etc'],
    ['-v ./a:/x img', 'the host path ./a'],
    ['-v /var/run/docker.sock:/var/run/docker.sock img', 'the host path /var/run/docker.sock'],
    ['-v ../../etc:/x img', 'the host path'],
    ['--mount type=bind,src=/etc,dst=/x img', 'the host path /etc'],
    ['--mount type=bind,src=etc,dst=/x img', 'the host path /etc'],
    ['-v a/b:/x img', 'invalid characters'],
    ['-v vol:/ img', "destination can't be '/'"],
    ['--network container:other img', 'network container:other not found'],
    ['--security-opt seccomp=unconfined img', 'not supported'],
    ['--pid host img', '--pid is not supported'],
    ['--device /dev/sda img', '--device is not supported'],
    ['--memory 1m img', 'Minimum memory limit allowed is 6MB'],
    ['--cpus 4096 img', 'range of CPUs is from 0.01'],
    ['--workdir rel img', 'needs to be an absolute path'],
    ['', 'requires at least 1 argument'],
  ])('refuses %s', (text, message) => {
    expect(parseRun(text === '' ? [] : text.split(' '))).toMatchObject({
      ok: false,
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ['6m', 6 * 1024 ** 2],
    ['1.5GiB', 1.5 * 1024 ** 3],
    ['1024', 1024],
    ['1 kb', 1024],
    ['x', undefined],
    ['-1', undefined],
  ])('reads the size %s', (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  test('does not grant what would open the container', () => {
    for (const name of ['SYS_ADMIN', 'CAP_SYS_PTRACE', 'ALL', 'NET_ADMIN', 'DAC_READ_SEARCH', 'sys_module']) {
      expect(capabilities([name], []).ok, name).toBe(false);
    }
    expect(capabilities([], ['ALL'])).toEqual({ ok: true, names: [] });
    expect(capabilities(['chown'], ['ALL'])).toEqual({ ok: true, names: ['CAP_CHOWN'] });
    expect(capabilities(['NOPE'], [])).toMatchObject({ message: 'invalid capability: "CAP_NOPE"' });
  });
});

describe('a container’s user', () => {
  const files = {
    passwd: 'root:x:0:0::/:/bin/sh\nnode:x:1000:1001::/:/bin/sh\n',
    group: 'root:x:0:\nstaff:x:50:node\n',
  };

  test.each([
    ['', { uid: 0, gid: 0, additionalGids: [] }],
    ['node', { uid: 1000, gid: 1001, additionalGids: [50] }],
    ['1000', { uid: 1000, gid: 1001, additionalGids: [50] }],
    ['node:staff', { uid: 1000, gid: 50, additionalGids: [] }],
    ['4000:5000', { uid: 4000, gid: 5000, additionalGids: [] }],
    ['4000', { uid: 4000, gid: 0, additionalGids: [] }],
  ])('%j', (user, identity) => expect(resolveUser(user, files, [])).toEqual({ ok: true, identity }));

  test('is refused when the image does not know its name', () => {
    expect(resolveUser('ghost', files, [])).toMatchObject({
      ok: false,
      message: expect.stringContaining('unable to find user ghost'),
    });
    expect(resolveUser('node:ghosts', files, [])).toMatchObject({ ok: false });
  });
});

describe('a Dockerfile’s bases', () => {
  const scan = (text: string, args: Record<string, string> = {}, target?: string) => {
    const scanned = scanDockerfile(text, new Map(Object.entries(args)), linux, target);
    if (!scanned.ok) throw new Error(scanned.message);
    return scanned.scan;
  };
  const names = (text: string, args?: Record<string, string>, target?: string) => {
    const { runtime, buildTime } = basesOf(scan(text, args, target));
    return [runtime, ...buildTime].map((base) => (base.kind === 'image' ? base.text : base.kind));
  };

  test.each([
    ['the final stage is the runtime', 'FROM a AS x\nFROM b\nCOPY --from=x / /', {}, undefined, ['b', 'a']],
    ['a stage on a stage has its base', 'FROM a AS x\nFROM b AS y\nFROM x', {}, undefined, ['a', 'b']],
    ['stages after the target do not count', 'FROM a AS x\nFROM b', {}, 'x', ['a']],
    ['arguments before the first FROM', 'ARG V=1\nARG R\nFROM $R/a:\u0024{V}', { R: 'r.io' }, undefined, ['r.io/a:1']],
    ['defaults and alternatives', 'ARG V\nFROM \u0024{V:-a}\u0024{V:+b}', {}, undefined, ['a']],
    ['a given argument before its default', 'ARG V=1\nFROM a:$V', { V: '2' }, undefined, ['a:2']],
    ['arguments inside a stage do not count', 'ARG V=1\nFROM a\nARG V=2\nFROM b:$V', {}, undefined, ['b:1', 'a']],
    ['scratch', 'FROM scratch', {}, undefined, ['scratch']],
    ['continuations and comments', '# x\nFROM \\\n# y\n  a AS \\\n  z\nFROM z', {}, undefined, ['a']],
    ['platforms', 'FROM --platform=$BUILDPLATFORM a', {}, undefined, ['a']],
    ['not what stands in a here-document', 'FROM a\nRUN <<EOF\nFROM b\nEOF', {}, undefined, ['a']],
  ])('%s', (_, text, args, target, expected) => expect(names(text, args, target)).toEqual(expected));

  test.each([
    ['FROM $NOTHING', 'should not be blank'],
    ['FROM Bad:::x', 'invalid reference format'],
    ['RUN x', 'no build stage'],
  ])('%s is an error', (text, message) => {
    expect(scanDockerfile(text, new Map(), linux)).toMatchObject({
      ok: false,
      message: expect.stringContaining(message),
    });
  });

  test('are pinned without moving a line', () => {
    const text = 'FROM --platform=linux/amd64 \\\n  a AS x\nRUN 1\nFROM x\nFROM b';
    expect(
      pinBases(
        scan(text),
        new Map([
          ['a', 'a@1'],
          ['b', 'b@2'],
        ]),
      ),
    ).toBe('FROM --platform=linux/amd64 a@1 AS x\n\nRUN 1\nFROM x\nFROM b@2');
  });
});

test.each([
  [51_000, '51s'],
  [237_400, '3m57s'],
  [7_200_000, '2h0m0s'],
  [400, '0s'],
])('%i ms is written as %s', (milliseconds, expected) => expect(goDuration(milliseconds)).toBe(expected));
