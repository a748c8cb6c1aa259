import type { Settings } from './catalog/settings.ts';

/** SLUICE_AUTH=entra: App Service signs callers in, and says who they are. Else a key of the function must be shown. */
export function usesEntra(settings: Settings): boolean {
  return settings.SLUICE_AUTH?.trim().toLowerCase() === 'entra';
}

/**
 * Why nobody can be believed, where SLUICE_AUTH=entra and the platform does not show that its authentication is on: with
 * it off, every function is open, and anybody can send the header that names the caller.
 * https://learn.microsoft.com/azure/app-service/reference-app-settings#authentication--authorization
 */
export function distrust(settings: Settings): string | undefined {
  if (!usesEntra(settings)) return undefined;
  const sign = settings.SLUICE_AUTH_SIGN?.trim() || 'WEBSITE_AUTH_ENABLED';
  if (settings[sign]?.trim().toLowerCase() === 'true') return undefined;
  return `SLUICE_AUTH is entra, but ${sign} is not true: App Service authentication does not show that it is on, so nobody's name can be believed. Turn it on, or set SLUICE_AUTH to key`;
}

export function authLevelOf(settings: Settings): 'anonymous' | 'function' {
  return usesEntra(settings) ? 'anonymous' : 'function';
}

/** The level of every HTTP function of this process. */
export const authLevel = authLevelOf(process.env);
