import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const schedules = 3000;
const command = fileURLToPath(new URL('../../scripts/simulate.mjs', import.meta.url));

function simulate(...options: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [command, ...options], { encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n') };
}

describe('the pipeline, under crashes, lost answers, lagging replicas and sudden people', () => {
  it(`keeps every promise in ${schedules} random schedules`, { timeout: 600_000 }, () => {
    const { status, lines } = simulate('--schedules', String(schedules));
    expect(lines).toEqual([`${schedules} schedules, 0 violations`]);
    expect(status).toBe(0);
  });

  it('replays one schedule, with what was done and what became of it', () => {
    const { status, lines } = simulate('--seed', '8', '--without', 'crash,freeze');
    expect(lines[0]).toMatch(/^seed 8: /);
    expect(lines.some((line) => /min +\d .* → promote/.test(line))).toBe(true);
    expect(lines.at(-1)).toBe('1 schedules, 0 violations');
    expect(status).toBe(0);
  });
});
