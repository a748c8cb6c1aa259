import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeCgroup } from '../cgroups.ts';
import { contained } from '../contained.ts';
import type { ImageStore, StoredImage } from '../images/store.ts';
import { type ContainerConfig, ociConfig } from './config.ts';

export interface ContainerRun {
  readonly store: ImageStore;
  readonly image: StoredImage;
  readonly config: ContainerConfig;
  /** A folder that does not exist yet; it holds all that the container writes, and goes with it. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onOutput: (text: string) => void;
}

export type ContainerEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'killed' }
  /** It never ran; the status is Docker's: 126 not executable, 127 not found, 125 everything else. */
  | { readonly kind: 'not-started'; readonly code: number; readonly message: string };

// Paths of layers are relative to the store, which keeps the option within a page however many they are.
const MOUNT_AND_RUN = `
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$DIR/upper,workdir=$DIR/work" "$DIR/rootfs" || exit 125
exec perl -e "$WAIT" -- --root "$DIR/state" --log "$DIR/runc.log" --log-format json \\
  run --detach --pid-file "$DIR/pid" --bundle "$DIR" "$NAME"
`;

// Attached, runc copies the two streams of a container through pipes of its own and their order is lost. Detached, the
// container has our pipe, and becomes a child of the namespace's first process when runc ends: this one, which waits.
// (Perl is part of every Debian; a shell cannot wait for a process that it did not start.)
const WAIT = `
system("runc", @ARGV) == 0 or exit 125;
open(my $file, "<", "$ENV{DIR}/pid") or exit 125;
my $container = <$file>;
while ((my $child = wait()) > 0) {
  exit($? & 127 ? 128 + ($? & 127) : $? >> 8) if $child == $container;
}
exit 125;
`;

/**
 * Runs one container to its end: an overlay over the image's layers, so that the image is never written to, and runc in
 * namespaces that vanish with it.
 */
export async function runContainer(run: ContainerRun): Promise<ContainerEnd> {
  const { directory, config, image, store } = run;
  try {
    for (const part of ['upper', 'work', 'rootfs']) await mkdir(join(directory, part), { recursive: true });
    const oci = ociConfig(config, join(directory, 'rootfs'));
    await writeFile(join(directory, 'config.json'), JSON.stringify(oci));
    const outcome = await contained({
      argv: ['/bin/sh', '-c', MOUNT_AND_RUN],
      cwd: store.overlayDir,
      env: { LOWER: image.layers.join(':'), DIR: directory, NAME: basename(directory), WAIT },
      signal: run.signal,
      onOutput: run.onOutput,
    });
    if (outcome.aborted) return { kind: 'killed' };
    const failure = outcome.code === 0 ? undefined : await startFailure(join(directory, 'runc.log'));
    return failure ?? { kind: 'exited', code: outcome.code };
  } finally {
    await removeCgroup(config.cgroup);
    await rm(directory, { recursive: true, force: true });
  }
}

/** runc reports what kept a process from starting in its log; what the process itself did is not in there. */
async function startFailure(file: string): Promise<ContainerEnd | undefined> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).trim().split('\n');
  const last = lines.findLast((line) => line.includes('"level":"error"'));
  if (!last) return undefined;
  const { msg } = JSON.parse(last) as { msg?: string };
  const reason = (msg ?? last).replace(/^runc run failed/, 'runc create failed');
  const message = `failed to create task for container: failed to create shim task: OCI runtime create failed: ${reason}: unknown`;
  const notFound = /executable file not found|no such file or directory/.test(message) && /exec/.test(message);
  const code = notFound ? 127 : /exec.*permission denied|is a directory/.test(message) ? 126 : 125;
  return { kind: 'not-started', code, message };
}
