/** The client of schema registries against a web server that says what a registry says, or what one should not. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuditError } from '../../../../src/error.ts';
import type { RegistrySettings } from '../../../../src/model.ts';
import { type RegisteredSchema, Registry } from '../../../../src/sources/messages/values/registry.ts';
import { RegistrySchemas } from '../../../../src/sources/messages/values/schemas.ts';

type Answer = readonly [status: number, body: unknown];

const never = new AbortController().signal;
const servers: (() => void)[] = [];
afterEach(() => {
  for (const close of servers.splice(0)) close();
});

/** Answers by path; a list is answered one after the other, and its last again and again. */
async function serve(answers: Readonly<Record<string, Answer | readonly Answer[]>>) {
  const asked: { readonly path: string; readonly authorization: string | undefined }[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '';
    const before = asked.filter((one) => one.path === path).length;
    asked.push({ path, authorization: request.headers.authorization });
    const known = answers[path] ?? [404, '<html>Not Found</html>'];
    const all = (Array.isArray(known[0]) ? known : [known]) as readonly Answer[];
    const [status, body] = all[Math.min(before, all.length - 1)]!;
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(() => server.close());
  return { asked, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const UNKNOWN: Answer = [404, { error_code: 40403, message: 'Schema 9 not found' }];

async function refused(settings: RegistrySettings, key = 'ids/7'): Promise<AuditError> {
  const asking = new Registry(settings, never).schema(key);
  return asking.then(
    () => expect.unreachable('the registry answered'),
    (error: AuditError) => error,
  );
}

describe('a schema', () => {
  it('is asked for below the path of the URL, and is Avro unless it is said', async () => {
    const { url, asked } = await serve({
      '/apis/ccompat/v7/schemas/ids/7': [200, { schema: '"int"' }],
      '/apis/ccompat/v7/schemas/guids/g-1': [200, { schema: 'message A {}', schemaType: 'PROTOBUF' }],
    });
    const registry = new Registry({ url: `${url}/apis/ccompat/v7/` }, never);
    expect(await registry.schema('ids/7')).toEqual({ type: 'AVRO', texts: [{ name: '', text: '"int"' }] });
    expect(await registry.schema('guids/g-1')).toMatchObject({ type: 'PROTOBUF' });
    expect(asked.map(({ path }) => path)).toEqual([
      '/apis/ccompat/v7/schemas/ids/7',
      '/apis/ccompat/v7/schemas/guids/g-1',
    ]);
  });

  it('comes behind what it refers to, each once, also where they refer to each other', async () => {
    const reference = (name: string, subject: string) => ({ name, subject, version: 2 });
    const { url } = await serve({
      '/schemas/ids/7': [200, { schema: 'order', references: [reference('b', 's/b'), reference('a', 'a')] }],
      '/subjects/s%2Fb/versions/2': [200, { schema: 'B', references: [reference('a', 'a')] }],
      '/subjects/a/versions/2': [200, { schema: 'A', references: [reference('b', 's/b')] }],
    });
    const { texts } = (await new Registry({ url }, never).schema('ids/7')) as RegisteredSchema;
    expect(texts.map(({ name, text }) => `${name}:${text}`)).toEqual(['a:A', 'b:B', ':order']);
  });

  it('is not there where the registry says so, of itself or of what it refers to', async () => {
    const references = [{ name: 'a', subject: 'a', version: 1 }];
    const { url } = await serve({
      '/schemas/ids/9': UNKNOWN,
      '/schemas/ids/7': [200, { schema: 'order', references }],
      '/subjects/a/versions/1': [404, { error_code: 40401, message: 'Subject not found' }],
    });
    const registry = new Registry({ url }, never);
    expect(await registry.schema('ids/9')).toBeUndefined();
    expect(await registry.schema('ids/7')).toBe('version 1 of the subject a');
  });

  it('is not there where a registry that is older than GUIDs knows no such path', async () => {
    const { url } = await serve({ '/schemas/types': [200, ['AVRO', 'JSON']] });
    expect(await new Registry({ url }, never).schema('guids/g-1')).toBeUndefined();
  });

  it('is had after half an answer', async () => {
    let times = 0;
    const server = createServer((_, response) => {
      const whole = JSON.stringify({ schema: '"int"' });
      response.writeHead(200, { 'content-length': whole.length });
      if (++times > 1) response.end(whole);
      else response.write(whole.slice(0, 5), () => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await new Registry({ url }, never).schema('ids/7')).toMatchObject({ texts: [{ text: '"int"' }] });
    expect(times).toBe(2);
  });

  it('is had after a moment of trouble', async () => {
    const { url, asked } = await serve({
      '/schemas/ids/7': [
        [503, 'starting'],
        [429, 'slow down'],
        [200, { schema: '"int"' }],
      ],
    });
    expect(await new Registry({ url }, never).schema('ids/7')).toBeDefined();
    expect(asked).toHaveLength(3);
  });
});

describe('credentials', () => {
  it.each<[Partial<RegistrySettings>, string, string | undefined]>([
    [{}, '', undefined],
    [{ username: 'auditor', password: 's:cret' }, '', `Basic ${btoa('auditor:s:cret')}`],
    [{ token: 'T' }, '', 'Bearer T'],
    [{}, 'auditor:p%40ss@', `Basic ${btoa('auditor:p@ss')}`],
    [{}, 'auditor:100%@', `Basic ${btoa('auditor:100%')}`],
  ])('%j (%s) are sent, and never shown', async (more, inUrl, header) => {
    const { url, asked } = await serve({ '/schemas/ids/7': [401, { error_code: 401 }] });
    const error = await refused({ url: url.replace('//', `//${inUrl}`), ...more });
    expect(asked[0]!.authorization).toBe(header);
    expect([error.status, error.message]).toEqual([
      4,
      `messages.schema-registry: ${url} refuses /schemas/ids/7 (401)`,
    ]);
    expect(error.hint).toMatch(/username and password, or a token/);
  });
});

describe('the audit stops, with status 4, where', () => {
  it('there is no registry at that path', async () => {
    const { url } = await serve({
      '/schemas/ids/7': [404, { error_code: 404, message: 'HTTP 404 Not Found' }],
    });
    const error = await refused({ url });
    expect(error.message).toBe(`messages.schema-registry: ${url} answers status 404 to /schemas/ids/7`);
    expect(error.hint).toMatch(/ccompat/);
  });

  it('what answers is no registry', async () => {
    const { url } = await serve({ '/schemas/ids/7': [200, '<html>Welcome</html>'] });
    expect((await refused({ url })).message).toMatch(
      /answers something that is no schema to \/schemas\/ids\/7$/,
    );
  });

  it('it stays in trouble', async () => {
    const { url, asked } = await serve({ '/schemas/ids/7': [500, 'broken'] });
    expect((await refused({ url })).message).toMatch(/answered status 500, 4 times$/);
    expect(asked).toHaveLength(4);
  });

  it('nobody answers', async () => {
    const { url } = await serve({});
    for (const close of servers.splice(0)) close();
    const error = await refused({ url });
    expect(error.status).toBe(4);
    expect(error.message).toBe(`messages.schema-registry: ${url} cannot be reached (ECONNREFUSED), 4 times`);
  });

  it('and at once where the user interrupts', async () => {
    const { url } = await serve({ '/schemas/ids/7': [503, ''] });
    const user = new AbortController();
    const asking = new Registry({ url }, user.signal).schema('ids/7');
    const reason = new Error('interrupted');
    setTimeout(() => user.abort(reason), 50);
    await expect(asking).rejects.toBe(reason);
  });
});

describe('schemas by the ids in values', () => {
  const value = (id: number) => Buffer.from([0, 0, 0, 0, id]);
  const around = { headers: [] };

  it('are asked for once each, together too, and those that cannot be used say why', async () => {
    const { url, asked } = await serve({
      '/schemas/ids/7': [200, { schema: 'good' }],
      '/schemas/ids/8': [200, { schema: 'bad' }],
      '/schemas/ids/5': [200, { schema: 'message A {}', schemaType: 'PROTOBUF' }],
      '/schemas/ids/9': UNKNOWN,
      '/schemas/ids/0': UNKNOWN,
      '/schemas/ids/6': [200, { schema: 'six', references: [{ name: 'a', subject: 'a', version: 1 }] }],
      '/subjects/a/versions/1': UNKNOWN,
    });
    const all = new RegistrySchemas(new Registry({ url }, never), 'AVRO', ([schema]) => {
      if (schema!.text === 'bad') throw new Error('it is bad');
      return schema!.text;
    });
    await Promise.all([7, 7, 8, 5, 9, 0, 6, 7].map((id) => all.learn(value(id), around)));
    expect(all.learn(value(7), around)).toBeUndefined();
    expect(asked).toHaveLength(7);
    expect(all.find(value(7), around)).toBe('good');
    const faults = [8, 5, 9, 0, 6].map((id) => (all.find(value(id), around) === undefined ? all.fault : ''));
    expect(faults).toEqual([
      'its schema 8 cannot be used: it is bad',
      'its schema 5 is of type PROTOBUF, not AVRO',
      'the registry does not know its schema 9',
      'the registry does not know its schema 0 (perhaps an id of eight bytes, which is not read)',
      'the registry does not know version 1 of the subject a, which its schema 6 refers to',
    ]);
  });

  it('are not asked for where a value names none', () => {
    const all = new RegistrySchemas(new Registry({ url: 'http://127.0.0.1:1' }, never), 'AVRO', () => '');
    expect(all.learn(Buffer.from('{}'), around)).toBeUndefined();
    expect(all.find(Buffer.from('{}'), around)).toBeUndefined();
    expect(all.fault).toMatch(/^it names no schema/);
  });

  it('fail again when they are asked for again', async () => {
    const { url } = await serve({
      '/schemas/ids/7': [
        [403, {}],
        [200, { schema: 'good' }],
      ],
    });
    const all = new RegistrySchemas(new Registry({ url }, never), 'AVRO', () => 'good');
    await expect(all.learn(value(7), around)).rejects.toThrow(/refuses/);
    await all.learn(value(7), around);
    expect(all.find(value(7), around)).toBe('good');
  });
});
