/** The HTTP side of a schema registry: asked for a schema, it is patient with a moment's trouble, and clear about the rest. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AuditError } from '../../../error.ts';
import type { RegistrySettings } from '../../../model.ts';

/** One file of schemas, as the registry keeps it. */
export interface SchemaText {
  /** What others refer to it by: an import path of Protobuf, a full name of Avro; empty: the schema that was asked for. */
  readonly name: string;
  readonly text: string;
}

export interface RegisteredSchema {
  readonly type: string;
  /** What it refers to comes before it; it comes last. */
  readonly texts: readonly SchemaText[];
}

/** What both /schemas/… and /subjects/… answer with. */
interface Answer {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly {
    readonly name: string;
    readonly subject: string;
    readonly version: number;
  }[];
}

const TRIES = 4;
const FIRST_PAUSE_MS = 250;
const TIMEOUT_MS = 10_000;
const MOST_TEXTS = 1000;

/** https://docs.confluent.io/platform/current/schema-registry/develop/api.html; Apicurio, Karapace and Redpanda speak it too. */
export class Registry {
  readonly #base: string;
  readonly #authorization: string | undefined;
  readonly #signal: AbortSignal;

  /** @param settings their URL may have a path, which what is asked for is appended to */
  constructor(settings: RegistrySettings, signal: AbortSignal) {
    const url = new URL(settings.url);
    this.#authorization = authorization(settings, url);
    // fetch refuses a URL with a password in it, and no message may show one.
    url.username = '';
    url.password = '';
    url.hash = '';
    url.search = '';
    this.#base = url.href.replace(/\/+$/, '');
    this.#signal = signal;
  }

  /**
   * @param key `ids/7` or `guids/…`. @returns undefined: the registry does not know it, or something it refers to
   * @throws AuditError (4) when the registry cannot be reached, or refuses; the signal's reason
   */
  async schema(key: string): Promise<RegisteredSchema | undefined> {
    const answer = await this.#ask(`/schemas/${key}`);
    if (answer === undefined) return undefined;
    const texts: SchemaText[] = [];
    if (!(await this.#gather('', answer, new Set(), texts))) return undefined;
    return { type: answer.schemaType ?? 'AVRO', texts };
  }

  /** Adds what a schema refers to, and then the schema itself. @returns whether all of it was there */
  async #gather(name: string, answer: Answer, met: Set<string>, texts: SchemaText[]): Promise<boolean> {
    for (const reference of answer.references ?? []) {
      if (met.has(reference.name) || met.size > MOST_TEXTS) continue;
      met.add(reference.name);
      const { subject, version } = reference;
      const referred = await this.#ask(`/subjects/${encodeURIComponent(subject)}/versions/${version}`);
      if (referred === undefined || !(await this.#gather(reference.name, referred, met, texts))) return false;
    }
    texts.push({ name, text: answer.schema });
    return true;
  }

  async #ask(path: string): Promise<Answer | undefined> {
    for (let tries = 1; ; tries++) {
      const response = await this.#fetch(path);
      if (response instanceof Response && !mayPass(response.status)) return this.#answer(path, response);
      if (tries === TRIES) throw this.#gaveUp(response);
      await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal: this.#signal }).catch(() => {});
      this.#signal.throwIfAborted();
    }
  }

  /** The response, with its body not read yet, or why there is none. */
  async #fetch(path: string): Promise<Response | Error> {
    const accept = 'application/vnd.schemaregistry.v1+json, application/json';
    const headers = { accept, ...(this.#authorization && { authorization: this.#authorization }) };
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      return await fetch(this.#base + path, { headers, signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      return error as Error;
    }
  }

  async #answer(path: string, response: Response): Promise<Answer | undefined> {
    const body = await bodyOf(response);
    this.#signal.throwIfAborted();
    const { status } = response;
    if (status === 404 && isUnknown(body)) return undefined;
    if (response.ok && isAnswer(body)) return body;
    if (status === 401 || status === 403) {
      throw this.#error(`refuses ${path} (${status})`, {
        hint: 'messages.schema-registry needs a username and password, or a token, that may read schemas.',
      });
    }
    const what = response.ok ? 'something that is no schema' : `status ${status}`;
    throw this.#error(`answers ${what} to ${path}`, {
      hint: "Is it a registry with Confluent's API, and the path of its url whole (of Apicurio: …/apis/ccompat/v7)?",
    });
  }

  #gaveUp(last: Response | Error): AuditError {
    if (last instanceof Response) return this.#error(`answered status ${last.status}, ${TRIES} times`);
    const cause = last.cause as { readonly code?: string } | undefined;
    const why =
      last.name === 'TimeoutError' ? `no answer in ${TIMEOUT_MS / 1000} s` : (cause?.code ?? last.message);
    const hint = /CERT|SELF_SIGNED|UNABLE_TO/.test(why)
      ? 'For a certificate authority of your own, set NODE_EXTRA_CA_CERTS to its file.'
      : 'Is it running, and reachable from here?';
    return this.#error(`cannot be reached (${why}), ${TRIES} times`, { hint, cause: last });
  }

  #error(what: string, more: { hint?: string; cause?: unknown } = {}): AuditError {
    return new AuditError(4, `messages.schema-registry: ${this.#base} ${what}`, more);
  }
}

/** Node refuses a URL that is not whole long before this; a user in the URL is as good as one beside it. */
function authorization({ username, password, token }: RegistrySettings, url: URL): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  const user = username ?? decodeURIComponent(url.username);
  if (user === '') return undefined;
  const secret = password ?? decodeURIComponent(url.password);
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}

function mayPass(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** Undefined: it is not JSON, or broke off. */
async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

/** The registry's own word that it has no such thing; any web server answers 404 where there is no registry at all. */
function isUnknown(body: unknown): boolean {
  const { error_code: code } = (body ?? {}) as { readonly error_code?: unknown };
  return typeof code === 'number' && String(code).startsWith('404') && code !== 404;
}

function isAnswer(body: unknown): body is Answer {
  return typeof (body as Answer | null | undefined)?.schema === 'string';
}
