/** Tokens for the login OAUTHBEARER, each used for as long as it is good. */
import { AuditError } from '../../error.ts';
import type { KafkaLogin } from '../../model.ts';
import { PassingError } from './failures.ts';

/** As kafkajs wants it. */
export interface Token {
  readonly value: string;
  readonly extensions?: Readonly<Record<string, string>>;
}

export type TokenSource = () => Promise<Token>;

type OAuth = Extract<KafkaLogin, { mechanism: 'OAUTHBEARER' }>;
type MskIam = Extract<KafkaLogin, { mechanism: 'AWS_MSK_IAM' }>;

/** A token, and when another should be asked for: epoch milliseconds. */
interface Lease {
  readonly token: Token;
  readonly until: number;
}

const ENDPOINT_MS = 10_000;
/** Renewed after this part of its life, as Kafka's own client does (sasl.login.refresh.window.factor). */
const RENEW_AFTER = 0.8;
/** Of a token whose answer does not say how long it lives (RFC 6749 only recommends it). */
const SUPPOSED_LIFE_S = 60;

/**
 * Tokens of the client credentials grant (RFC 6749, section 4.4).
 * @returns throws AuditError(4) where the endpoint refuses, PassingError where another try may help
 */
export function clientCredentials(login: OAuth): TokenSource {
  return leased(async () => {
    const asked = Date.now();
    const answer = await ask(login);
    const life = Number(answer.expires_in ?? SUPPOSED_LIFE_S) || SUPPOSED_LIFE_S;
    const token = { value: answer.access_token, extensions: login.extensions };
    return { token, until: asked + life * 1000 * RENEW_AFTER };
  });
}

/** One token for all who ask at the same time, and afterwards until it should be renewed. */
function leased(renew: () => Promise<Lease>): TokenSource {
  let lease: Lease | undefined;
  let renewing: Promise<Lease> | undefined;
  return async () => {
    if (lease === undefined || Date.now() >= lease.until) {
      renewing ??= renew().finally(() => {
        renewing = undefined;
      });
      lease = await renewing;
    }
    return lease.token;
  };
}

async function ask(login: OAuth): Promise<{ access_token: string; expires_in?: unknown }> {
  const where = `The token endpoint ${withoutQuery(login.endpoint)}`;
  const response = await post(login).catch((cause: Error) => {
    throw new PassingError(`${where} does not answer: ${reasonOf(cause)}.`, { cause });
  });
  const text = await response.text();
  if (response.status === 429 || response.status >= 500) {
    throw new PassingError(`${where} answers ${response.status}.`);
  }
  const answer = parsed(text);
  if (response.ok && typeof answer.access_token === 'string') {
    return { access_token: answer.access_token, expires_in: answer.expires_in };
  }
  const { error, error_description: description } = answer;
  const why = [error, description].filter((part) => typeof part === 'string').join(': ');
  const said = response.ok ? 'without a token' : `${response.status}${why && ` (${why})`}`;
  throw new AuditError(4, `${where} answers ${said}.`, {
    hint: 'Check sasl.oauthbearer.token.endpoint.url, the client’s name and secret, and the scope.',
  });
}

/** A query may hold a secret. */
function withoutQuery(endpoint: string): string {
  const { origin, pathname } = new URL(endpoint);
  return `${origin}${pathname}`;
}

/** The secret goes into the header as Kafka's client and librdkafka send it, which is not form-encoded unless told so. */
function post({ endpoint, clientId, clientSecret, scope, urlEncode }: OAuth): Promise<Response> {
  const encoded = urlEncode ? encodeURIComponent : (text: string) => text;
  const credentials = Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64');
  return fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${credentials}`, accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      ...(scope === undefined ? {} : { scope }),
    }),
    redirect: 'error',
    signal: AbortSignal.timeout(ENDPOINT_MS),
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** fetch hides the reason: "fetch failed". */
function reasonOf({ message, cause }: Error): string {
  const inner = cause as NodeJS.ErrnoException | undefined;
  return inner?.code ?? inner?.message ?? message;
}

/** The part of Amazon's signer that is used. (https://github.com/aws/aws-msk-iam-sasl-signer-js) */
interface Signer {
  generateAuthToken(options: { region: string }): Promise<SignedToken>;
  generateAuthTokenFromProfile(options: { region: string; awsProfileName: string }): Promise<SignedToken>;
  generateAuthTokenFromRole(options: {
    region: string;
    awsRoleArn: string;
    awsRoleSessionName?: string;
  }): Promise<SignedToken>;
}

interface SignedToken {
  readonly token: string;
  /** Epoch milliseconds. */
  readonly expiryTime: number;
}

const SIGNER = 'aws-msk-iam-sasl-signer-js';

/** Tokens for Amazon MSK, signed by its own package, which is asked for only here: who does not use MSK need not have it. */
export function mskIam(login: MskIam, bootstrap: readonly string[]): TokenSource {
  return leased(async () => {
    const signer = await loadSigner();
    const region = login.region ?? regionOf(bootstrap);
    const asked = Date.now();
    const { token, expiryTime } = await sign(signer, login, region);
    return { token: { value: token }, until: asked + (expiryTime - asked) * RENEW_AFTER };
  });
}

async function loadSigner(): Promise<Signer> {
  try {
    return (await import(SIGNER)) as Signer;
  } catch (cause) {
    throw new AuditError(
      4,
      `sasl.mechanism AWS_MSK_IAM needs the package ${SIGNER}, which is not installed.`,
      {
        // Of a project's own optional peer, npm 11 says "up to date" without the options, and installs nothing.
        hint: `npm i ${SIGNER} where onceover is installed, or in a clone npm i --no-save --save-dev ${SIGNER}`,
        cause,
      },
    );
  }
}

/** b-1.shop.abc123.c2.kafka.eu-central-1.amazonaws.com:9098 */
function regionOf(bootstrap: readonly string[]): string {
  const named = bootstrap.map(
    (broker) => /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\./.exec(broker)?.[1],
  );
  const region =
    named.find((one) => one !== undefined) ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
  if (region !== undefined) return region;
  throw new AuditError(
    4,
    'sasl.mechanism AWS_MSK_IAM needs a region, and the names of the brokers show none.',
    {
      hint: 'Set AWS_REGION.',
    },
  );
}

async function sign(signer: Signer, login: MskIam, region: string): Promise<SignedToken> {
  const { profile, roleArn, roleSession } = login;
  try {
    if (roleArn !== undefined) {
      const session = roleSession === undefined ? {} : { awsRoleSessionName: roleSession };
      return await signer.generateAuthTokenFromRole({ region, awsRoleArn: roleArn, ...session });
    }
    if (profile !== undefined)
      return await signer.generateAuthTokenFromProfile({ region, awsProfileName: profile });
    return await signer.generateAuthToken({ region });
  } catch (cause) {
    throw new AuditError(4, `No token for Amazon MSK could be signed: ${(cause as Error).message}`, {
      hint: 'It needs credentials of AWS: the environment, a profile, or the role of this machine.',
      cause,
    });
  }
}
