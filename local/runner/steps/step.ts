import { planBuild, runBuild } from '../builds/build.ts';
import { type CliCall, dockerCli } from '../docker-cli/cli.ts';
import { dockerRun } from '../docker-cli/run-container.ts';
import { type ParsedRun, parseRun } from '../docker-cli/run-options.ts';
import { isDockerCli } from '../docker-cli/which.ts';
import { parseImageName } from '../images/name.ts';
import { exitStatus, type Run, STEP_OK, type StepEnd } from '../run-context.ts';
import { shellWords } from '../shell-words.ts';
import type { Step } from '../task-file/plan.ts';
import { deadline, pause } from './deadline.ts';
import { pushImages } from './push.ts';

/** What is kept of a step's output to look for `retryOnErrors` in. */
const REMEMBERED_CHARACTERS = 64 * 1024;

/** One try at what a step does; `print` writes to the log. */
type Attempt = (signal: AbortSignal, print: (text: string) => void) => Promise<StepEnd>;

/** Executes one step with its delay, deadline, retries and repeats, writing what the agent writes. */
export async function executeStep(run: Run, step: Step, signal: AbortSignal): Promise<StepEnd> {
  const { log } = run;
  const network = `Network: '${step.network}'`;
  log.line(
    `Executing step ID: ${step.id}. Timeout(sec): ${step.timeout}, Working directory: '${step.workingDirectory}', ${network}`,
  );
  if (step.startDelay > 0) {
    log.line(`Waiting ${step.startDelay} seconds before executing step ID: ${step.id}`);
    await pause(step.startDelay, signal);
  }
  const limit = deadline(step.timeout, signal);
  try {
    const end = await perform(run, step, limit.signal);
    const judged = limit.signal.aborted ? interrupted(limit.passed()) : end;
    if (judged.ok || !step.ignoreErrors || signal.aborted) return judged;
    log.line(`Step ID: ${step.id} encountered an error: ${judged.error}, but is set to ignore errors. Continuing...`);
    return STEP_OK;
  } catch (error) {
    if (limit.signal.aborted) return interrupted(limit.passed());
    throw error;
  } finally {
    limit.clear();
  }
}

function interrupted(deadlinePassed: boolean): StepEnd {
  return { ok: false, error: deadlinePassed ? 'context deadline exceeded' : 'context canceled' };
}

async function perform(run: Run, step: Step, signal: AbortSignal): Promise<StepEnd> {
  const { action } = step;
  if (action.kind === 'push') return pushImages(run, action.images, signal);
  const attempt =
    action.kind === 'build'
      ? await buildAttempt(run, step, action.words, signal)
      : cmdAttempt(run, step, action.command);
  return 'ok' in attempt ? attempt : repeatWithRetries(run, step, signal, attempt.attempt);
}

async function repeatWithRetries(run: Run, step: Step, signal: AbortSignal, attempt: Attempt): Promise<StepEnd> {
  const errors: string[] = [];
  for (let count = 0; count <= step.repeat && !signal.aborted; count += 1) {
    const end = await withRetries(run, step, signal, attempt);
    if (!end.ok) errors.push(end.error);
  }
  return errors.length === 0 ? STEP_OK : { ok: false, error: errors.join('\n') };
}

async function withRetries(run: Run, step: Step, signal: AbortSignal, attempt: Attempt): Promise<StepEnd> {
  const { log } = run;
  for (let tries = 0; ; tries += 1) {
    log.line(`Launching container with name: ${step.id}`);
    let remembered = '';
    const end = await attempt(signal, (text) => {
      remembered = (remembered + text).slice(-REMEMBERED_CHARACTERS);
      log.output(text);
    });
    if (end.ok) {
      log.line(`Successfully executed container: ${step.id}`);
      return end;
    }
    const wanted = step.retryOnErrors.length === 0 || step.retryOnErrors.some((error) => remembered.includes(error));
    if (tries >= step.retries || !wanted || signal.aborted) {
      log.line(`Container failed during run: ${step.id}. No retries remaining.`);
      return end;
    }
    log.line(`Container failed during run: ${step.id}, waiting ${step.retryDelay} seconds before retrying...`);
    await pause(step.retryDelay, signal);
  }
}

async function buildAttempt(
  run: Run,
  step: Step,
  written: string | readonly string[],
  signal: AbortSignal,
): Promise<StepEnd | { attempt: Attempt }> {
  const { log } = run;
  log.line('Scanning for dependencies...');
  const split = typeof written === 'string' ? shellWords(written) : { ok: true as const, words: written };
  const print = (text: string) => log.output(text);
  const call: CliCall = { ...surroundings(run, step, signal, print), workingDirectory: step.workingDirectory };
  const planned = split.ok ? await planBuild(run, split.words, call) : { ...split, code: 125 };
  if (!planned.ok) {
    log.plain(planned.message);
    return { ok: false, error: `failed to scan dependencies: exit status ${planned.code}` };
  }
  log.line('Successfully scanned dependencies');
  return {
    attempt: async (attemptSignal, attemptPrint) => {
      const built = await runBuild(run, planned.build, { ...call, signal: attemptSignal, print: attemptPrint });
      if (built.code !== 0) return exitStatus(built.code);
      run.builds.push({
        stepId: step.id,
        tags: planned.build.tags,
        runtime: built.runtime,
        buildTime: built.buildTime,
      });
      return STEP_OK;
    },
  };
}

function cmdAttempt(run: Run, step: Step, command: string): { attempt: Attempt } {
  return {
    attempt: async (signal, print) => {
      const around = surroundings(run, step, signal, print);
      const parsed = parseCommand(step, command);
      if (!parsed.ok) {
        print(`${parsed.message}\n`);
        return exitStatus(125);
      }
      const { options } = parsed;
      if (!isDockerCli(options.image)) return exitStatus(await dockerRun(run, options, around));
      if (options.entrypoint !== undefined && options.entrypoint !== 'docker') {
        print(
          `docker: an entry point other than the docker CLI is not supported by the local runner: it acts out that image, and has no shell for it.\n`,
        );
        return exitStatus(125);
      }
      const missing = await missingTool(run, options.image, signal);
      if (missing) {
        print(`Unable to find image '${options.image}' locally\ndocker: Error response from daemon: ${missing}\n`);
        return exitStatus(125);
      }
      // What the CLI starts has none of the CLI's own mounts: neither the workspace nor the login.
      const call: CliCall = { ...around, binds: [], workingDirectory: step.workingDirectory };
      return exitStatus(await dockerCli(run, options.args, call));
    },
  };
}

/** The agent puts the step's settings and its `cmd` behind `docker run`, and lets a shell read the line. */
function parseCommand(step: Step, command: string): ParsedRun {
  const entryPoint = step.entryPoint === undefined ? '' : `--entrypoint ${step.entryPoint} `;
  const split = shellWords(entryPoint + command);
  if (!split.ok) return { ...split, usage: false };
  const words = ['--env', 'HOME=/acb/home', ...envOf(step).flatMap((entry) => ['--env', entry])];
  if (!step.keepImageWorkingDirectory) words.push('--workdir', workingDirectory(step));
  if (step.user !== undefined) words.push('--user', step.user);
  if (step.cpus !== undefined) words.push('--cpus', step.cpus);
  for (const { volume, path } of step.mounts) words.push('--volume', `${volume}:${path}`);
  return parseRun([...words, '--network', step.network, ...split.words]);
}

function workingDirectory(step: Step): string {
  return step.workingDirectory.startsWith('/') ? step.workingDirectory : `/workspace/${step.workingDirectory}`;
}

/** Entries go through the agent's shell as well, so that quotes around a value do not become part of it. */
function envOf(step: Step): string[] {
  return step.env.map((entry) => {
    const split = shellWords(entry);
    return split.ok ? split.words.join(' ') : entry;
  });
}

function surroundings(run: Run, step: Step, signal: AbortSignal, print: (text: string) => void) {
  const env = new Map(envOf(step).map((entry) => entry.split(/=(.*)/s) as [string, string]));
  const { workspace, home } = run.volumes;
  const binds = [
    { source: workspace, target: '/workspace', readOnly: false },
    { source: home, target: '/acb/home', readOnly: false },
  ];
  return { env, binds, signal, print };
}

/**
 * The docker CLI image is acted out, but where it is said to lie in one of our registries it must be there: on ACR the
 * step could not start without it. Images of other registries cannot be asked for without a network.
 */
async function missingTool(run: Run, image: string, signal: AbortSignal): Promise<string | undefined> {
  const name = parseImageName(image);
  if (!name || !run.job.logins.some((login) => login.loginServer === name.registry)) return undefined;
  const resolved = await run.images.resolve(name, signal);
  if (resolved.kind === 'found') return undefined;
  if (resolved.kind === 'unreachable') return resolved.reason;
  return `manifest for ${image} not found: manifest unknown: manifest unknown`;
}
