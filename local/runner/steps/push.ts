import { formatImageName, repositoryOf } from '../images/name.ts';
import { imageNameOrMessage } from '../images/run-images.ts';
import { type Run, STEP_OK, type StepEnd } from '../run-context.ts';
import { pause } from './deadline.ts';

const ATTEMPTS = 3;
const FIRST_PAUSE_SECONDS = 0.5;

/** A `push` step: each image in turn, with the agent's three attempts. */
export async function pushImages(run: Run, images: readonly string[], signal: AbortSignal): Promise<StepEnd> {
  for (const image of images) {
    if (!(await pushWithRetries(run, image, signal))) {
      return { ok: false, error: 'failed to push images successfully' };
    }
  }
  return STEP_OK;
}

async function pushWithRetries(run: Run, image: string, signal: AbortSignal): Promise<boolean> {
  const { log } = run;
  const name = imageNameOrMessage(image);
  const shown = typeof name === 'string' ? image : formatImageName(name);
  for (let attempt = 1; attempt <= ATTEMPTS && !signal.aborted; attempt += 1) {
    log.line(`Pushing image: ${shown}, attempt ${attempt}`);
    const problem = typeof name === 'string' ? name : await push(run, name, signal);
    if (problem === undefined) {
      log.line(`Successfully pushed image: ${shown}`);
      return true;
    }
    log.plain(problem);
    await pause(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), signal);
  }
  return false;
}

async function push(
  run: Run,
  name: Exclude<ReturnType<typeof imageNameOrMessage>, string>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { registry, repository, tag = '' } = name;
  run.log.plain(`The push refers to repository [${repositoryOf(name)}]`);
  const image = run.images.get(name);
  if (!image) return `An image does not exist locally with the tag: ${repositoryOf(name)}`;
  const pushed = await run.images.push(image, name, signal, (text) => run.log.output(text));
  if (!pushed.ok) return pushed.message;
  run.pushed.push({ registry, repository, tag, digest: pushed.digest });
  run.log.plain(`${tag}: digest: ${pushed.digest} size: ${pushed.size}`);
  return undefined;
}
