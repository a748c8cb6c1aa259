/**
 * How long a `Retry-After` asks to wait, in milliseconds from `now` (milliseconds since 1970).
 *
 * RFC 9110 §10.2.3: `Retry-After = HTTP-date / delay-seconds`. Undefined where it is absent or says neither.
 */
export function retryAfterMs(header: string | null | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  if (!/\d{4}.*\d{2}:\d{2}:\d{2}/.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
