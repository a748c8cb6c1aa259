import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunnerFixture, startRunnerFixture } from './fixture.ts';

let fixture: RunnerFixture;
beforeAll(async () => {
  fixture = await startRunnerFixture();
});
afterAll(() => fixture.close());

/** What a script prints in `docker run FLAGS`, one line after another, and the status of the step. */
async function inContainer(flags: string, script: string) {
  const command = `$Registry/tools/docker:1 run --rm ${flags} $Registry/base/busybox:1 sh -c '${script}'`;
  const { log, status } = await fixture.yaml(
    `version: v1.1.0\nsteps:\n  - id: it\n    cmd: ${JSON.stringify(command)}\n`,
  );
  const lines = log.lines;
  const start = lines.findIndex((line) => line.startsWith('Status: Downloaded')) + 1;
  const end = lines.findIndex((line) => /^(Successfully executed container|Container failed)/.test(line));
  const code = Number(/failed to run step ID: it: exit status (\d+)/.exec(log.text)?.[1] ?? 0);
  return { output: lines.slice(start, end).join('\n'), code, status, text: log.text };
}

describe('a container of docker run', () => {
  test('sees its image, and nothing of the machine or the task', async () => {
    const { output } = await inContainer('', `ls /; ls /workspace /acb /tmp ${process.cwd()} 2>&1; ls /dev`);
    expect(output).not.toContain('package.json');
    expect(output.split('\n')).not.toContain('workspace');
    expect(output).not.toMatch(/^(vd|sd|nvme|mem$|kmsg)/m);
  });

  test('sees only its own processes', async () => {
    const { output } = await inContainer('', 'ls /proc | grep -c "^[0-9]"; tr "\\0" " " < /proc/1/cmdline; echo');
    const [count, first] = output.split('\n');
    expect(Number(count)).toBeLessThan(6);
    expect(first).toMatch(/^sh -c ls \/proc/);
  });

  test('cannot make a device, mount, trace the machine or enter a namespace', async () => {
    const { output } = await inContainer(
      '',
      'exec 2>&1; mknod /x b 254 0 && cat /x; mount -t tmpfs none /mnt; unshare -m true; cat /proc/kcore | head -c 1; echo 1 > /proc/sys/kernel/sysrq; echo end',
    );
    expect(output).toContain("can't open '/x'");
    expect(output).toMatch(/mount: (permission denied|mounting none on \/mnt failed)/);
    expect(output).toMatch(/unshare.*Operation not permitted/);
    expect(output).toMatch(/kernel\/sysrq: (Read-only file system|nonexistent directory)/);
    expect(output.endsWith('end')).toBe(true);
  });

  test('has no login and no Docker socket', async () => {
    const { output } = await inContainer(
      '',
      'env; find / -name config.json -o -name docker.sock 2>/dev/null | grep -v ^/proc',
    );
    expect(output).not.toContain('config.json');
    expect(output).not.toContain('docker.sock');
    expect(output).not.toMatch(/password|auth/i);
  });

  test('cannot change the image for the next one', async () => {
    await inContainer('', 'echo changed > /etc/passwd; rm -rf /usr');
    const { output } = await inContainer('', 'head -n 1 /etc/passwd; ls -d /usr');
    expect(output).toBe('root:x:0:0:root:/root:/bin/sh\n/usr');
  });

  test('--network none reaches nothing, not even the machine’s loopback', async () => {
    const server = createServer((_, response) => response.end('reached'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    // busybox's wget, linked statically, cannot resolve names.
    const get = `printf "GET / HTTP/1.0\\r\\n\\r\\n" | nc -w 2 127.0.0.1 ${port} 2>&1`;
    expect((await inContainer('', get)).output).toContain('reached');
    const none = await inContainer('--network none', `${get}; ls /sys/class/net; ip route`);
    expect(none.output).not.toContain('reached');
    expect(none.output).toMatch(/\nlo$/);
    server.close();
  });

  test('--cap-drop and --cap-add set exactly those capabilities', async () => {
    const show = 'grep -E "CapEff|CapBnd|CapPrm" /proc/self/status | cut -f 2 | sort -u';
    expect((await inContainer('', show)).output).toBe('00000000a80425fb');
    expect((await inContainer('--cap-drop ALL', show)).output).toBe('0000000000000000');
    expect((await inContainer('--cap-drop ALL --cap-add CHOWN', show)).output).toBe('0000000000000001');
    const { code, text } = await inContainer('--cap-add SYS_ADMIN', show);
    expect([code, text.includes('CAP_SYS_ADMIN is not granted')]).toEqual([125, true]);
  });

  test('--security-opt no-new-privileges', async () => {
    const show = 'grep NoNewPrivs /proc/self/status | cut -f 2';
    expect((await inContainer('', show)).output).toBe('0');
    expect((await inContainer('--security-opt no-new-privileges', show)).output).toBe('1');
  });

  test('--pids-limit stops it from having more processes', async () => {
    const many = 'for i in $(seq 30); do sleep 5 & done 2>&1; echo started; kill $(jobs -p)';
    expect((await inContainer('--pids-limit 10', many)).output).toMatch(/can.t fork|Resource temporarily unavailable/);
    expect((await inContainer('--pids-limit 100', many)).output).toBe('started');
  });

  test('--memory kills what takes more', async () => {
    const eat = 'x=a; while true; do x=$x$x; done';
    expect((await inContainer('--memory 20m --memory-swap 20m', eat)).code).toBe(137);
  });

  test('--cpus limits processor time', async () => {
    const quota = 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null | cut -d " " -f 1';
    expect((await inContainer('--cpus 0.5', quota)).output).toBe('50000');
  });

  test('--read-only leaves only tmpfs writable', async () => {
    const write = 'touch /x 2>&1; touch /scratch/y && echo written; df /scratch | tail -n 1';
    const { output } = await inContainer('--read-only --tmpfs /scratch:size=1m', write);
    expect(output).toContain('touch: /x: Read-only file system');
    expect(output).toContain('written');
    expect(output).toMatch(/tmpfs\s+1024/);
  });

  test('--user, --workdir, --env, --entrypoint, --hostname and --init have their effect', async () => {
    const { output } = await inContainer(
      '--user node -w /a/b --env A=1 -e B="2 3" --hostname me',
      'id -u; id -g; pwd; echo $A-$B; hostname',
    );
    expect(output).toBe('1000\n1000\n/a/b\n1-2 3\nme');
    expect((await inContainer('--user 7:8', 'id -u; id -g')).output).toBe('7\n8');
    expect((await inContainer('--init', 'exit 9')).code).toBe(9);
    expect((await inContainer('--init', 'cat /proc/1/cmdline | tr "\\0" " "')).output).toContain('/sbin/busybox-init');
    const command = '$Registry/tools/docker:1 run --entrypoint echo $Registry/base/busybox:1 only this';
    const { log } = await fixture.yaml(`version: v1.1.0\nsteps:\n  - cmd: ${command}\n`);
    expect(log.text).toContain('\nonly this\n');
  });

  test('--volume $SharedVolume mounts the workspace, and a name makes a volume of the run', async () => {
    const run = '$Registry/tools/docker:1 run';
    const { log } = await fixture.yaml(`version: v1.1.0
steps:
  - cmd: $Registry/base/busybox:1 sh -c 'echo shared > file'
  - cmd: ${run} -v $SharedVolume:/in:ro -v mine:/mine $Registry/base/busybox:1 sh -c 'exec 2>&1; cat /in/file; touch /in/x; echo kept > /mine/file'
  - cmd: ${run} -v mine:/mine $Registry/base/busybox:1 cat /mine/file
`);
    expect(log.text).toContain('\nshared\ntouch: /in/x: Read-only file system\n');
    expect(log.text).toContain('\nkept\n');
  });
});

test('a plain cmd step sees its image and workspace, and nothing else of the machine', async () => {
  const { log } = await fixture.yaml(`version: v1.1.0
steps:
  - cmd: $Registry/base/busybox:1 sh -c 'ls / ; ls ${fixture.stateDir} ${process.cwd()} 2>&1; cat /proc/1/root/etc/shadow 2>&1; ls /proc | grep -c "^[0-9]"'
`);
  expect(log.text).toContain(`ls: ${process.cwd()}: No such file or directory`);
  expect(log.text).toContain("can't open '/proc/1/root/etc/shadow'");
});
