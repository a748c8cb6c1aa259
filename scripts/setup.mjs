// Makes a fresh clone ready for one of the npm scripts: `node scripts/setup.mjs test|local|demo|npm`.
// It runs before npm packages exist, so it imports nothing but Node's own modules.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = join(root, 'node_modules', '.sluice-lock-hash');
const lock = join(root, 'package-lock.json');

/** Debian packages, the command that proves each is there, and why Sluice wants it. */
const debian = {
  'docker-registry': { command: 'docker-registry', why: 'the real registry behind the local Azure' },
  buildah: { command: 'buildah', why: 'real image builds, without a daemon' },
  runc: { command: 'runc', why: 'runs validation containers in a sandbox' },
  skopeo: { command: 'skopeo', why: 'copies images between registries' },
  'busybox-static': {
    command: 'busybox',
    why: 'the content of the local base images, and the init of `docker run --init`',
  },
  chromium: { command: 'chromium', why: 'opens the pages in a browser for the tests' },
};

const registries = ['docker-registry', 'buildah', 'runc', 'skopeo', 'busybox-static'];
const needs = { npm: [], test: [...registries, 'chromium'], local: registries, demo: registries };

const goal = process.argv[2] ?? '';
if (!(goal in needs)) fail(`usage: node scripts/setup.mjs ${Object.keys(needs).join('|')}`);

const [major] = process.versions.node.split('.').map(Number);
if ((major ?? 0) < 20) fail(`Sluice needs Node 20 or newer; this is ${process.versions.node}.`);

if (needs[goal].length > 0) requireRoot();
installNpmPackages();
installDebianPackages(needs[goal]);

/** Builds make namespaces and mounts, and containers control groups. */
function requireRoot() {
  if (process.getuid?.() === 0) return;
  const script = (process.env.npm_lifecycle_event ?? goal).replace(/^pre/, '');
  fail(`Builds and containers need root: sudo env "PATH=$PATH" npm run ${script}`);
}

function installNpmPackages() {
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (readOrEmpty(stamp) === wanted || isInstalledByHand()) return;
  console.log('Installing npm packages (npm ci): they are missing, or package-lock.json has changed.');
  run(['npm', 'ci', '--loglevel=error'], 'npm ci failed; its message is above.');
  writeFileSync(stamp, wanted);
}

/** npm writes this file at the end of every install. */
function isInstalledByHand() {
  const options = { throwIfNoEntry: false };
  const installed = statSync(join(root, 'node_modules', '.package-lock.json'), options);
  return installed !== undefined && installed.mtimeMs > statSync(lock).mtimeMs;
}

function installDebianPackages(names) {
  const missing = names.filter((name) => !onPath(debian[name].command));
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  console.log('Installing Debian packages:');
  for (const name of missing) console.log(`  ${name.padEnd(16)} ${debian[name].why}`);
  const byHand = `Install these, then run the command again: ${missing.join(', ')}\n  on Debian or Ubuntu: ${command}`;
  if (!onPath('apt-get')) fail(`There is no apt-get here. ${byHand}`);
  run(['apt-get', 'update', '-qq'], byHand);
  run([...command.split(' '), '-qq', '-o=Dpkg::Use-Pty=0'], byHand);
}

function onPath(command) {
  // Debian keeps runc in /usr/sbin, which the PATH of a normal user lacks, with sudo too.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function run([program, ...args], onFailure) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync(program, args, { cwd: root, stdio: ['inherit', 'ignore', 'inherit'], env });
  if (status !== 0) fail(onFailure);
}

function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
