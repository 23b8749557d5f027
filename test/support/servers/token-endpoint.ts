/** An issuer of OAuth tokens for tests: the client credentials grant (RFC 6749, section 4.4) over plain HTTP on loopback. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface TokenEndpoint {
  readonly url: string;
  /** The scope of each request that was granted, in their order; it grows. */
  readonly granted: readonly string[];
  stop(): Promise<void>;
}

export interface TokenEndpointOptions {
  /** Secrets by client; a client's name is the subject of its tokens. */
  readonly clients: Readonly<Record<string, string>>;
  /** How long a token is good for, in seconds; default an hour, negative: it never is. */
  readonly lifetime?: number;
}

/** The tokens are unsigned (RFC 7515, "alg":"none"), as the brokers of these tests take them. */
export async function startTokenEndpoint(options: TokenEndpointOptions): Promise<TokenEndpoint> {
  const granted: string[] = [];
  const server = createServer((request, response) => {
    answer(request, response, options, granted).catch((error: Error) => response.destroy(error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth/token`,
    granted,
    stop: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { clients, lifetime = 3600 }: TokenEndpointOptions,
  granted: string[],
): Promise<void> {
  const form = new URLSearchParams(await text(request));
  const client = clientOf(request);
  const say = (status: number, body: object) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (form.get('grant_type') !== 'client_credentials') return say(400, { error: 'unsupported_grant_type' });
  if (client === undefined || clients[client.id] !== client.secret)
    return say(401, { error: 'invalid_client' });
  granted.push(form.get('scope') ?? '');
  const token = {
    access_token: unsignedToken(client.id, lifetime),
    token_type: 'Bearer',
    expires_in: lifetime,
  };
  say(200, token);
}

/** Basic authentication, as Kafka's clients do it: RFC 6749 would have both parts form-encoded before. */
function clientOf(request: IncomingMessage): { id: string; secret: string } | undefined {
  const [scheme, credentials] = (request.headers.authorization ?? '').split(' ');
  if (scheme !== 'Basic' || credentials === undefined) return undefined;
  const [id = '', secret = ''] = Buffer.from(credentials, 'base64').toString('utf8').split(':');
  return { id, secret };
}

function unsignedToken(subject: string, lifetime: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url');
  // The broker wants a token that begins before it ends, also one that is over.
  const issued = now + Math.min(0, 2 * lifetime);
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: issued, exp: now + lifetime })}.`;
}
