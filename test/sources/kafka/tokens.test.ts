import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { KafkaLogin } from '../../../src/model.ts';
import { PassingError } from '../../../src/sources/kafka/failures.ts';
import { clientCredentials, mskIam } from '../../../src/sources/kafka/tokens.ts';
import { startTokenEndpoint } from '../../support/servers/token-endpoint.ts';

type OAuth = Extract<KafkaLogin, { mechanism: 'OAUTHBEARER' }>;

function login(endpoint: string, more: Partial<OAuth> = {}): OAuth {
  const clientId = 'auditor';
  const clientSecret = 'auditor-secret';
  return {
    mechanism: 'OAUTHBEARER',
    endpoint,
    clientId,
    clientSecret,
    urlEncode: false,
    extensions: {},
    ...more,
  };
}

async function endpoint(lifetime: number) {
  const tokens = await startTokenEndpoint({ clients: { auditor: 'auditor-secret' }, lifetime });
  onTestFinished(() => tokens.stop());
  return tokens;
}

/** An endpoint that always gives this answer, and keeps who asked. */
async function answering(status: number, body: string) {
  const asked: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    request.resume().once('end', () => response.writeHead(status).end(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked };
}

it('is asked for once by all who want it at the same time, and used until most of its life is over', async () => {
  const tokens = await endpoint(1);
  const source = clientCredentials(
    login(tokens.url, { scope: 'kafka', extensions: { logicalCluster: 'lkc-1' } }),
  );
  const all = await Promise.all([source(), source(), source()]);
  expect(tokens.granted).toEqual(['kafka']);
  expect(new Set(all.map(({ value }) => value)).size).toBe(1);
  expect(all[0]).toMatchObject({ extensions: { logicalCluster: 'lkc-1' } });
  await source();
  expect(tokens.granted).toHaveLength(1);
  await sleep(900);
  await Promise.all([source(), source()]);
  expect(tokens.granted).toHaveLength(2);
});

it('is asked for again after the endpoint failed', async () => {
  const { url, asked } = await answering(503, 'try later');
  const source = clientCredentials(login(url));
  for (let tries = 1; tries <= 2; tries++) {
    await expect(source()).rejects.toThrow(PassingError);
    expect(asked).toHaveLength(tries);
  }
});

it.each([
  [
    400,
    '{"error":"invalid_scope","error_description":"no such scope"}',
    'answers 400 (invalid_scope: no such scope).',
  ],
  [401, '{"error":"invalid_client"}', 'answers 401 (invalid_client).'],
  [404, '<html>', 'answers 404.'],
  [200, '<html>', 'answers without a token.'],
  [200, 'null', 'answers without a token.'],
])('is refused with %i and %s', async (status, body, words) => {
  const { url } = await answering(status, body);
  await expect(clientCredentials(login(url))()).rejects.toMatchObject({
    status: 4,
    message: `The token endpoint ${url} ${words}`,
  });
});

it('is refused without the query of the endpoint, which may hold a secret', async () => {
  const { url } = await answering(401, '{"error":"invalid_client"}');
  await expect(clientCredentials(login(`${url}?client_secret=hunter2`))()).rejects.toMatchObject({
    message: `The token endpoint ${url} answers 401 (invalid_client).`,
  });
});

it('is asked for with the secret as it is, or form-encoded', async () => {
  const { url, asked } = await answering(200, '{"access_token":"t"}');
  await clientCredentials(login(url, { clientSecret: 'a+/=' }))();
  await clientCredentials(login(url, { clientSecret: 'a+/=', urlEncode: true }))();
  expect(asked.map((header) => Buffer.from(header!.split(' ')[1]!, 'base64').toString())).toEqual([
    'auditor:a+/=',
    'auditor:a%2B%2F%3D',
  ]);
});

it('for Amazon MSK needs a package that is installed only where it is wanted', async () => {
  const source = mskIam({ mechanism: 'AWS_MSK_IAM' }, ['b-1.shop.kafka.eu-central-1.amazonaws.com:9098']);
  await expect(source()).rejects.toMatchObject({
    status: 4,
    message: expect.stringContaining('aws-msk-iam-sasl-signer-js, which is not installed'),
    hint: expect.stringContaining('in a clone npm i --no-save --save-dev aws-msk-iam-sasl-signer-js'),
  });
});
