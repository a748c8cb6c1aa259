import { spawnSync } from 'node:child_process';

/** Runs the Azure CLI and gives what it printed. Throws with its own words. */
export function az(args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync('az', args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (error) throw new Error('There is no Azure CLI (az): install it and log in with az login.', { cause: error });
  if (status !== 0) throw new Error(`az ${args.slice(0, 3).join(' ')} failed:\n${stderr.trim()}`);
  return stdout.trim();
}

/** A variable that azd sets from the outputs of main.bicep; elsewhere it is exported by hand. */
export function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`The variable ${name} is not set: it is an output of infra/main.bicep.`);
  return value;
}

/** Prints what went wrong in one line, without a stack: whoever deploys wants to know what to do. */
export function run(work: () => void): void {
  try {
    work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}
