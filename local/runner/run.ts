import type { BuildStep, RunnerResult, YamlStep } from '../contracts.ts';
import { formatImageName, parseImageName } from './images/name.ts';
import { goDuration } from './log.ts';
import type { Run } from './run-context.ts';
import { deadline } from './steps/deadline.ts';
import { baseImageDependencies, dependencyBlock } from './steps/dependencies.ts';
import { runInOrder, type Timing } from './steps/schedule.ts';
import { executeStep } from './steps/step.ts';
import { loadTaskFile } from './task-file/load.ts';
import type { Plan, Step } from './task-file/plan.ts';
import { TaskFileProblem } from './task-file/problem.ts';
import { renderTemplate } from './task-file/template.ts';
import { Traced } from './task-file/traced.ts';
import { copyContext, fillVolumes, writeDockerConfig } from './workspace.ts';

const BUILD_TIMEOUT_SECONDS = 28_800;
const PUSH_TIMEOUT_SECONDS = 3_600;
/** The agent's process ends with 1 whatever the step's status was. */
const FAILED = 'exit status 1';

/** How the work ended, before it is written down. */
type WorkEnd = { readonly kind: 'succeeded' } | { readonly kind: 'failed' };

/** Executes a job from its first line of log to its last, within its time. */
export async function executeRun(run: Run): Promise<RunnerResult> {
  const { job, log } = run;
  const started = job.now().getTime();
  const limit = deadline(job.timeoutSeconds, job.signal);
  const result = await work(run, limit.signal).then(
    (end): Pick<RunnerResult, 'status' | 'runErrorMessage'> => {
      if (job.signal.aborted) return { status: 'Canceled' };
      if (limit.passed())
        return { status: 'Timeout', runErrorMessage: 'failed during run, err: context deadline exceeded' };
      if (end.kind === 'succeeded') return { status: 'Succeeded' };
      return { status: 'Failed', runErrorMessage: `failed during run, err: ${FAILED}` };
    },
    (error: unknown) => {
      if (job.signal.aborted) return { status: 'Canceled' as const };
      const reason = error instanceof Error ? error.message : String(error);
      log.plain(`the local runner failed: ${reason}`);
      return { status: 'Error' as const, runErrorMessage: `failed during run, err: ${reason}` };
    },
  );
  limit.clear();
  log.output(closingLine(job.runId, result, job.now().getTime() - started));
  return {
    ...result,
    outputImages: [...new Map(run.pushed.map((image) => [JSON.stringify(image), image])).values()],
    baseImageDependencies: result.status === 'Succeeded' ? baseImageDependencies(run.builds) : [],
  };
}

function closingLine(runId: string, result: Pick<RunnerResult, 'status' | 'runErrorMessage'>, spent: number): string {
  const after = goDuration(spent);
  if (result.status === 'Succeeded') return `\r\nRun ID: ${runId} was successful after ${after}\r\n`;
  if (result.status === 'Canceled') return `\r\nRun ID: ${runId} was canceled after ${after}\r\n`;
  return `\r\nRun ID: ${runId} failed after ${after}. Error: ${result.runErrorMessage}\r\n`;
}

async function work(run: Run, signal: AbortSignal): Promise<WorkEnd> {
  const { job, log, volumes } = run;
  if (job.platform.os.toLowerCase() !== 'linux') {
    log.plain(`the local runner has Linux agents only; this run asks for ${job.platform.os}`);
    return { kind: 'failed' };
  }
  if (job.context !== undefined) {
    log.line('Downloading source code...');
    const problem = await copyContext(job.context, volumes, signal);
    if (problem !== undefined && !signal.aborted) {
      log.plain(`failed to download source code: ${problem}`);
      return { kind: 'failed' };
    }
    log.line('Finished downloading source code');
  }
  log.line(`Using ${volumes.shared} as the home volume`);
  const plan = job.step.kind === 'yaml' ? planYaml(run, job.step) : planDockerBuild(run, job.step);
  if (typeof plan === 'string') {
    log.plain(plan);
    return { kind: 'failed' };
  }
  await fillVolumes(volumes, plan.volumes);
  log.line('Setting up Docker configuration...');
  await writeDockerConfig(volumes, job.logins);
  await run.images.prepare(job.logins);
  log.line('Successfully set up Docker configuration');
  for (const { loginServer } of job.logins) {
    log.line(`Logging in to registry: ${loginServer}`);
    log.line(`Successfully logged into ${loginServer}`);
  }
  const end = await runInOrder(plan.steps, signal, job.now, (step, stepSignal) => executeStep(run, step, stepSignal));
  if (!end.ok) {
    log.plain(`failed to run step ID: ${end.stepId}: ${end.error}`);
    return { kind: 'failed' };
  }
  if (!signal.aborted) summarize(run, end.timings);
  return { kind: 'succeeded' };
}

function summarize(run: Run, timings: readonly Timing[]): void {
  const { log } = run;
  for (const { step, milliseconds } of timings) {
    const seconds = (milliseconds / 1000).toFixed(6);
    log.line(`Step ID: ${step.id} marked as successful (elapsed time in seconds: ${seconds})`);
    if (!run.builds.some((build) => build.stepId === step.id)) continue;
    log.line(`Populating digests for step ID: ${step.id}...`);
    log.line(`Successfully populated digests for step ID: ${step.id}`);
  }
  const block = dependencyBlock(run);
  if (block === undefined) return;
  log.line('The following dependencies were found:');
  log.line(`\n${block}`);
}

function planYaml(run: Run, step: YamlStep): Plan | string {
  const { log } = run;
  const loaded = loadTaskFile(step.content, {
    run: runVariables(run),
    values: new Map(step.values.map(({ name, value }) => [name, value])),
  });
  if (!loaded.ok) return loaded.message;
  if (loaded.aliasSupport) {
    log.line(
      'Alias support enabled for version >= 1.1.0, please see https://aka.ms/acr/tasks/task-aliases for more information.',
    );
  }
  log.line("Creating Docker network: acb_default_network, driver: 'bridge'");
  log.line('Successfully set up Docker network: acb_default_network');
  return loaded.plan;
}

/** The variables of `.Run`, as the reference of acr-task.yaml and the agent name them. */
function runVariables({ job, volumes }: Run): Record<string, string> {
  const [beforeDot = ''] = job.registry.loginServer.split('.');
  const date = job.now().toISOString();
  return {
    ID: job.runId,
    Registry: job.registry.loginServer,
    RegistryName: job.registry.name ?? beforeDot,
    Date: `${date.slice(0, 10).replaceAll('-', '')}-${date.slice(11, 19).replaceAll(':', '')}z`,
    SharedVolume: volumes.shared,
    OS: job.platform.os.toLowerCase(),
    Architecture: job.platform.architecture.toLowerCase(),
    Commit: job.commit ?? '',
    Branch: job.branch ?? '',
    Repository: '',
    GitTag: '',
    TriggeredBy: job.triggeredBy ?? '',
    TaskName: job.taskName ?? '',
  };
}

/** `app:{{.Run.ID}}` is how a build tags each run apart. What is no template stays, and fails as a name. */
function renderImageName(run: Run, text: string): string {
  try {
    return renderTemplate(Traced.original(text), { run: runVariables(run), values: new Map() }).text;
  } catch (error) {
    if (error instanceof TaskFileProblem) return text;
    throw error;
  }
}

/** A Docker build step is a `build` and, where it is to be pushed, a `push`, as on ACR. */
function planDockerBuild(run: Run, step: BuildStep): Plan | string {
  const names: string[] = [];
  for (const given of step.imageNames) {
    const image = renderImageName(run, given);
    const name = parseImageName(image, run.job.registry.loginServer);
    if (!name || name.digest) return `failed to parse the image name "${image}": invalid reference format`;
    names.push(formatImageName(name));
  }
  const words = [
    ...names.flatMap((name) => ['-t', name]),
    ...['-f', step.dockerFilePath],
    ...step.arguments.flatMap(({ name, value }) => ['--build-arg', `${name}=${value}`]),
    ...(step.noCache ? ['--no-cache'] : []),
    ...(step.target ? ['--target', step.target] : []),
    '.',
  ];
  const build: Step = { ...PLAIN_STEP, id: 'build', timeout: BUILD_TIMEOUT_SECONDS, action: { kind: 'build', words } };
  const push: Step = {
    ...PLAIN_STEP,
    id: 'push',
    after: ['build'],
    timeout: PUSH_TIMEOUT_SECONDS,
    action: { kind: 'push', images: names },
  };
  return { steps: step.isPushEnabled && names.length > 0 ? [build, push] : [build], volumes: new Map() };
}

const PLAIN_STEP = {
  after: [],
  env: [],
  entryPoint: undefined,
  workingDirectory: '',
  keepImageWorkingDirectory: false,
  startDelay: 0,
  retries: 0,
  retryDelay: 5,
  retryOnErrors: [],
  repeat: 0,
  ignoreErrors: false,
  user: undefined,
  cpus: undefined,
  network: '',
  mounts: [],
} satisfies Partial<Step>;
