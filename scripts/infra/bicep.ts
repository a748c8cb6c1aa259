import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const name = 'Azure.Bicep.CommandLine.linux-x64';
/** Pinned: another version knows other resource types and rules, and predicts other snapshots. */
export const bicepVersion = '0.49.2';

export type BicepSearch =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'missing'; readonly why: string };

/** The Bicep CLI: `BICEP` where it is set, else the one under `.local/`, which the .NET SDK fetches where there is one. */
export function findBicep(root: string, environment: NodeJS.ProcessEnv = process.env): BicepSearch {
  if (environment.BICEP) return checked(environment.BICEP);
  const folder = join(root, '.local', 'bicep');
  const path = join(folder, 'packages', name.toLowerCase(), bicepVersion, 'tools', 'bicep');
  if (isExecutable(path)) return { kind: 'found', path };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return { kind: 'missing', why: `set BICEP to the path of the Bicep CLI ${bicepVersion}` };
  }
  return restore(folder, path);
}

function checked(path: string): BicepSearch {
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  if (stdout?.includes(` ${bicepVersion} `)) return { kind: 'found', path };
  return { kind: 'missing', why: `BICEP names ${path}, which is not the Bicep CLI ${bicepVersion}` };
}

/** A project that only downloads: the package holds one executable, and nothing is built. */
function restore(folder: string, path: string): BicepSearch {
  mkdirSync(folder, { recursive: true });
  const project = join(folder, 'bicep.csproj');
  writeFileSync(
    project,
    `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageDownload Include="${name}" Version="[${bicepVersion}]" /></ItemGroup>
</Project>
`,
  );
  const args = ['restore', project, '--packages', join(folder, 'packages')];
  const { error, status, stdout } = spawnSync('dotnet', args, { encoding: 'utf8' });
  if (error) return { kind: 'missing', why: 'there is no .NET SDK to fetch the Bicep CLI with' };
  if (status !== 0) return { kind: 'missing', why: `dotnet could not fetch the Bicep CLI: ${firstError(stdout)}` };
  chmodSync(path, 0o755);
  return { kind: 'found', path };
}

function firstError(output: string): string {
  return output.split('\n').find((line) => line.includes('error')) ?? 'it gave no reason';
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
