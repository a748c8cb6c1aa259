import * as z from 'zod';
import { isTag, type Tag } from '../image/names.ts';
import { nextLink } from './link.ts';
import type { OciClient } from './oci-client.ts';
import { explainStatus } from './read-tag.ts';
import { keyOf, type Target } from './target.ts';
import { parseJson } from './token.ts';
import type { HttpAnswer } from './transport.ts';
import { Unavailable } from './unavailable.ts';

interface Page {
  readonly etag: string;
  readonly tags: readonly Tag[];
  readonly next: URL | undefined;
}

const mostPages = 500;
/** Some registries write null for an empty list. */
const listSchema = z.object({ tags: z.array(z.string()).nullish() });

/** Lists the tags of repositories. A page that has not changed, by its ETag, is not transferred again. */
export class TagLister {
  readonly #pages = new Map<string, Page>();
  readonly #client: OciClient;

  constructor(client: OciClient) {
    this.#client = client;
  }

  /** All pages, or Unavailable: part of a list would look like tags that are gone. */
  async list(target: Target): Promise<Tag[]> {
    const tags = new Set<Tag>();
    let url: URL | undefined = new URL(`/v2/${target.repository}/tags/list`, target.registry);
    for (let page = 0; url !== undefined; page++) {
      if (page >= mostPages)
        throw new Unavailable(`${target.registry.host} lists more than ${mostPages} pages of tags`);
      const read: Omit<Page, 'etag'> = await this.#page(target, url);
      for (const tag of read.tags) tags.add(tag);
      url = read.next;
    }
    return [...tags];
  }

  async #page(target: Target, url: URL): Promise<Omit<Page, 'etag'>> {
    const key = `${keyOf(target)} ${url}`;
    const known = this.#pages.get(key);
    const headers = { accept: 'application/json', ...(known && { 'if-none-match': known.etag }) };
    const answer = await this.#client.send(target, { method: 'GET', url, headers });
    if (answer.status === 304 && known !== undefined) return known;
    const page = readPage(target, url, answer);
    const etag = answer.headers.get('etag');
    if (etag === null) this.#pages.delete(key);
    else this.#pages.set(key, { ...page, etag });
    return page;
  }
}

function readPage(target: Target, url: URL, answer: HttpAnswer): Omit<Page, 'etag'> {
  const host = target.registry.host;
  if (answer.status === 404) throw new Unavailable(`${host} has no repository ${target.repository}`);
  if (answer.status !== 200) {
    throw new Unavailable(`${host} ${explainStatus(answer.status, target)} (tags of ${target.repository})`);
  }
  const list = listSchema.safeParse(parseJson(answer.body));
  if (!list.success) throw new Unavailable(`${host} answered with no list of tags (${target.repository})`);
  const next = nextLink(answer.headers.get('link'), url);
  if (next !== undefined && next.origin !== url.origin) {
    throw new Unavailable(
      `${host} lists further tags of ${target.repository} at ${next.origin}, which is not followed`,
    );
  }
  return { tags: (list.data.tags ?? []).filter(isTag), next };
}
