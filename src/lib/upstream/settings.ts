import * as z from 'zod';

/** What reading upstream registries may be told by app settings. */
export interface UpstreamSettings {
  /** Requests under way at once, for each host. */
  readonly concurrency: number;
  /** One request and its answer, in milliseconds. */
  readonly requestTimeout: number;
  /** Hosts that are spoken to over plain http: loopback only, and never with credentials. */
  readonly plainHttp: ReadonlySet<string>;
  /** The app settings themselves: credentials are read by name when they are needed. */
  readonly values: Readonly<Record<string, string | undefined>>;
}

const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

const schema = z.object({
  SLUICE_UPSTREAM_CONCURRENCY: z.coerce.number().int().min(1).max(64).default(10),
  SLUICE_UPSTREAM_TIMEOUT: z.coerce.number().min(0.1).max(60).default(10),
  SLUICE_UPSTREAM_PLAIN_HTTP: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter((host) => host !== ''))
    .refine((hosts) => hosts.every((host) => loopback.test(host)), {
      error: 'only localhost, 127.0.0.1 and [::1], with a port, may be spoken to without TLS',
    }),
});

/** Throws with every setting that is wrong. */
export function parseUpstreamSettings(values: Readonly<Record<string, string | undefined>>): UpstreamSettings {
  const result = schema.safeParse(values);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`App settings: ${problems.join('; ')}`);
  }
  const { data } = result;
  return {
    concurrency: data.SLUICE_UPSTREAM_CONCURRENCY,
    requestTimeout: data.SLUICE_UPSTREAM_TIMEOUT * 1000,
    plainHttp: new Set(data.SLUICE_UPSTREAM_PLAIN_HTTP),
    values,
  };
}
