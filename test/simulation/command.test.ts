import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/simulate.mjs', import.meta.url));

function simulate(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

it('names every option when asked', () => {
  const { status, said } = simulate('--help');
  expect(status).toBe(0);
  for (const option of ['--schedules', '--from', '--seed', '--without', '--drop']) expect(said).toContain(option);
});

it.each([
  ['an option that there is not', ['--bogus'], "unknown option '--bogus'"],
  ['no schedules at all, for they would show nothing', ['--schedules', '0'], 'at least one schedule'],
  ['a number that is none', ['--seed', 'x'], 'Expected a whole number'],
  ['a fault that there is not', ['--seed', '5', '--without', 'luck'], 'No fault is called luck; there are crash'],
])('refuses %s with exit code 2 and one line', (_, args, why) => {
  const { status, said } = simulate(...args);
  expect(status).toBe(2);
  expect(said).toContain(why);
  expect(said.trim().split('\n')).toHaveLength(1);
});
