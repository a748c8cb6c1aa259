export const MIB = 1024 * 1024;

const UNITS = 'kmgtp';

/** `512m`, `1.5GiB`, `1024`: bytes by Docker's rules (units.RAMInBytes); undefined for what is no size. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp])?i?b?$/i.exec(text);
  if (!match) return undefined;
  const [, number = '', unit = ''] = match;
  return Math.floor(Number(number) * 1024 ** (unit ? UNITS.indexOf(unit.toLowerCase()) + 1 : 0));
}
