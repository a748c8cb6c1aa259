import type { SettingUse } from '../../src/lib/catalog/settings.ts';

/**
 * A value for every setting that has none, right in form and told apart from all others, so that a catalog can be
 * checked where its settings are not known yet.
 */
export function placeholders(uses: readonly SettingUse[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const [index, { name, fallback }] of uses.entries()) {
    if (fallback === undefined) values.set(name, placeholder(name, index));
  }
  return values;
}

function placeholder(name: string, index: number): string {
  // Nothing that a catalog would hold by itself, since it has to be found again.
  const word = `unset${index}x${name.toLowerCase().replace(/[^a-z0-9]/g, '')}`;
  if (/RESOURCE_ID$/.test(name)) {
    return `/subscriptions/${uuid(index)}/resourceGroups/${word}/providers/Microsoft.ContainerRegistry/registries/${word.slice(0, 50)}`;
  }
  if (/SUBSCRIPTION/.test(name)) return uuid(index);
  if (/LOGIN_SERVER|HOST/.test(name)) return `${word}.example`;
  return word.slice(0, 50);
}

function uuid(index: number): string {
  return `00000000-0000-0000-0000-${String(index + 1).padStart(12, '0')}`;
}

/** Puts `${NAME}` back wherever a placeholder stands in the text; a registry's name stands for its whole id. */
export function unreplace(text: string, values: ReadonlyMap<string, string>): string {
  const known = [...values].flatMap(([name, value]) => [
    { name, value },
    ...(value.startsWith('/') ? [{ name, value: value.slice(value.lastIndexOf('/') + 1) }] : []),
  ]);
  known.sort((a, b) => b.value.length - a.value.length);
  return known.reduce((result, { name, value }) => result.replaceAll(value, `\${${name}}`), text);
}
