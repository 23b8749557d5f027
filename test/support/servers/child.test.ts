/** No server outlives the process that started it, whatever becomes of that process. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startChild } from './child.ts';
import { freePort } from './ports.ts';

/** A server that ends only when it is killed. */
const STUBBORN = `
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
  require('node:net').createServer().listen(Number(process.argv[1]), '127.0.0.1', () => console.log('listening'));
`;

/** A program that starts the server with a directory of its own, and then goes its way. */
function starter(port: number, directory: string, ending: string): string {
  return `
    import { startChild } from ${JSON.stringify(join(import.meta.dirname, 'child.ts'))};
    const output = ${JSON.stringify(join(directory, 'output.log'))};
    await startChild(process.execPath, ['-e', ${JSON.stringify(STUBBORN)}, '${port}'], { output, remove: ${JSON.stringify(directory)} });
    ${ending}
  `;
}

const HANG = "console.log('started'); setInterval(() => {}, 1000);";

it.each([
  { how: 'is killed', ending: HANG, signal: 'SIGKILL' as const },
  { how: 'is terminated', ending: HANG, signal: 'SIGTERM' as const },
  { how: 'is interrupted', ending: HANG, signal: 'SIGINT' as const },
  { how: 'exits', ending: "console.log('started'); process.exit(0);", signal: undefined },
  { how: 'throws', ending: "console.log('started'); throw new Error('a failed test');", signal: undefined },
  { how: 'has nothing left to do', ending: "console.log('started');", signal: undefined },
])('ends with a parent that $how', async ({ ending, signal }) => {
  const directory = await mkdtemp(join(tmpdir(), 'onceover-child-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const port = await freePort();
  const parent = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', starter(port, directory, ending)],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  await once(parent.stdout, 'data');
  if (signal !== undefined) {
    await until(() => canConnect(port));
    parent.kill(signal);
  }
  await once(parent, 'exit');
  await until(async () => !existsSync(directory) && !(await canConnect(port)));
});

it('removes the directory of a child that is stopped, and kills one that will not hear', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'onceover-child-'));
  const port = await freePort();
  const output = join(directory, 'output.log');
  const child = await startChild(process.execPath, ['-e', STUBBORN, String(port)], {
    output,
    remove: directory,
  });
  await until(async () => (await readFile(output, 'utf8')) === 'listening\n');
  expect(await canConnect(port)).toBe(true);
  await child.stop('SIGTERM', 100);
  expect(await canConnect(port)).toBe(false);
  expect(existsSync(directory)).toBe(false);
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await isSo()) return;
    await sleep(20);
  }
  throw new Error('It did not become so within 10 s.');
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
