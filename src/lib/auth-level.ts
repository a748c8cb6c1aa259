import type { Settings } from './catalog/settings.ts';

/** SLUICE_AUTH=entra: App Service signs callers in, and says who they are. Else a key of the function must be shown. */
export function usesEntra(settings: Settings): boolean {
  return settings.SLUICE_AUTH?.trim().toLowerCase() === 'entra';
}

export function authLevelOf(settings: Settings): 'anonymous' | 'function' {
  return usesEntra(settings) ? 'anonymous' : 'function';
}

/** The level of every HTTP function of this process. */
export const authLevel = authLevelOf(process.env);
