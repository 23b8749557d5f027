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

/** An HTTP answer; `body` is undefined where it is not JSON. */
interface Reply {
  readonly status: number;
  readonly body: unknown;
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
   * @param key `ids/7` or `guids/…`
   * @returns undefined: the registry does not know it; a text: it does not know this, which the schema refers to
   * @throws AuditError (4) when the registry cannot be reached, or refuses; the signal's reason
   */
  async schema(key: string): Promise<RegisteredSchema | string | undefined> {
    const answer = await this.#ask(`/schemas/${key}`);
    if (answer === undefined) return undefined;
    const texts: SchemaText[] = [];
    const unknown = await this.#gather('', answer, new Set(), texts);
    return unknown ?? { type: answer.schemaType ?? 'AVRO', texts };
  }

  /** Adds what a schema refers to, and then the schema itself. @returns what of it was not there */
  async #gather(
    name: string,
    answer: Answer,
    met: Set<string>,
    texts: SchemaText[],
  ): Promise<string | undefined> {
    for (const reference of answer.references ?? []) {
      if (met.has(reference.name) || met.size > MOST_TEXTS) continue;
      met.add(reference.name);
      const { subject, version } = reference;
      const referred = await this.#ask(`/subjects/${encodeURIComponent(subject)}/versions/${version}`);
      if (referred === undefined) return `version ${version} of the subject ${subject}`;
      const unknown = await this.#gather(reference.name, referred, met, texts);
      if (unknown !== undefined) return unknown;
    }
    texts.push({ name, text: answer.schema });
    return undefined;
  }

  async #ask(path: string): Promise<Answer | undefined> {
    for (let tries = 1; ; tries++) {
      const reply = await this.#fetch(path);
      if (!(reply instanceof Error) && !mayPass(reply.status)) return this.#answer(path, reply);
      if (tries === TRIES) throw this.#gaveUp(reply);
      await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal: this.#signal }).catch(() => {});
      this.#signal.throwIfAborted();
    }
  }

  /** The reply, or why there is none, or only half of one. */
  async #fetch(path: string): Promise<Reply | Error> {
    const accept = 'application/vnd.schemaregistry.v1+json, application/json';
    const headers = { accept, ...(this.#authorization && { authorization: this.#authorization }) };
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(TIMEOUT_MS)]);
    try {
      const response = await fetch(this.#base + path, { headers, signal });
      return { status: response.status, body: parsed(await response.text()) };
    } catch (error) {
      this.#signal.throwIfAborted();
      return error as Error;
    }
  }

  async #answer(path: string, { status, body }: Reply): Promise<Answer | undefined> {
    if (status === 404 && (isUnknown(body) || (await this.#isThere()))) return undefined;
    if (status === 200 && isAnswer(body)) return body;
    if (status === 401 || status === 403) {
      throw this.#error(`refuses ${path} (${status})`, {
        hint: 'messages.schema-registry needs a username and password, or a token, that may read schemas.',
      });
    }
    const what = status === 200 ? 'something that is no schema' : `status ${status}`;
    throw this.#error(`answers ${what} to ${path}`, {
      hint: "Is it a registry with Confluent's API, and the path of its url whole (of Apicurio: …/apis/ccompat/v7)?",
    });
  }

  /** Whether there is a registry at all: older ones and others answer 404 to a GUID in words of any web server. */
  async #isThere(): Promise<boolean> {
    const reply = await this.#fetch('/schemas/types');
    return !(reply instanceof Error) && reply.status === 200 && Array.isArray(reply.body);
  }

  #gaveUp(last: Reply | Error): AuditError {
    if (!(last instanceof Error)) return this.#error(`answered status ${last.status}, ${TRIES} times`);
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

/** A user in the URL is as good as one beside it. */
function authorization({ username, password, token }: RegistrySettings, url: URL): string | undefined {
  if (token !== undefined) return `Bearer ${token}`;
  const user = username ?? unescaped(url.username);
  if (user === '') return undefined;
  const secret = password ?? unescaped(url.password);
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}

/** A password may hold a % that escapes nothing. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function mayPass(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** Undefined: it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
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
