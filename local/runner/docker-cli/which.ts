import { type ImageName, parseImageName } from '../images/name.ts';

const CLI_NAMES = ['docker', 'docker-cli', 'moby-cli'];

/**
 * Whether an image is the docker CLI, so that the words after it are a docker command. There is no Docker engine here,
 * so this one kind of image is not run but acted out. The rule: the last part of the repository is `docker`, `docker-cli`
 * or `moby-cli`, in any registry, by any tag or digest (`docker`, `mcr.microsoft.com/acr/moby-cli:1`,
 * `$Registry/tools/docker@sha256:…`).
 */
export function isDockerCli(image: string): boolean {
  const name = parseImageName(image);
  return name !== undefined && CLI_NAMES.includes(lastPart(name));
}

function lastPart(name: ImageName): string {
  return name.repository.split('/').at(-1) ?? '';
}
