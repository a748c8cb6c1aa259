import * as z from 'zod';

/** What a poller of the SDK remembers, as far as we make one ourselves. */
const handleSchema = z.object({
  state: z.object({
    status: z.string(),
    config: z.object({ operationLocation: z.url(), metadata: z.object({ mode: z.string() }) }),
  }),
});

/**
 * The handle of an operation that was accepted but whose first look failed: the SDK throws then, and its poller is lost.
 * Undefined where the answer names no place to look at.
 */
export function handleFrom(location: string | undefined): string | undefined {
  if (location === undefined || !URL.canParse(location)) return undefined;
  const config = { metadata: { mode: 'ResourceLocation' }, operationLocation: location };
  return JSON.stringify({ state: { status: 'running', config } });
}

export function isHandle(text: string): boolean {
  try {
    return handleSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

interface RawResponse {
  readonly status: number;
  readonly bodyAsText?: string | null;
  readonly request: { readonly method: string };
  readonly headers: { get(name: string): string | undefined };
}

/** Listens to what the SDK hides: it takes a 200 that says `{"status": "Failed"}` for a success. */
export class OperationWatch {
  #location: string | undefined;
  #last: { readonly status: string | undefined; readonly message: string } | undefined;

  /** For the option `onResponse`. */
  readonly onResponse = (response: RawResponse): void => {
    if (response.request.method === 'POST' && response.status < 300) {
      this.#location = response.headers.get('azure-asyncoperation') ?? response.headers.get('location');
    } else if (response.request.method === 'GET') {
      this.#last = readStatus(response.bodyAsText);
    }
  };

  /** Where the accepted operation can be looked at. */
  get location(): string | undefined {
    return this.#location;
  }

  /** The message of a failure that came with an HTTP success. */
  get failure(): string | undefined {
    const status = this.#last?.status?.toLowerCase();
    return status === 'failed' || status === 'canceled' ? this.#last?.message : undefined;
  }
}

const bodySchema = z.object({
  status: z.string().optional(),
  error: z.object({ code: z.string().optional(), message: z.string().optional() }).optional(),
});

function readStatus(text: string | null | undefined) {
  if (!text) return undefined;
  try {
    const { status, error } = bodySchema.parse(JSON.parse(text));
    return { status, message: error?.message ?? error?.code ?? `the operation ended ${status}` };
  } catch {
    return undefined;
  }
}
