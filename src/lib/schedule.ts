/** A timer's schedule is a setting with a default: the host refuses `%NAME%` where the setting is absent. */
export function scheduleOf(setting: string, fallback: string, settings = process.env): string {
  const text = settings[setting]?.trim();
  return text === undefined || text === '' ? fallback : text;
}
