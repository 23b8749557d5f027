/** `npm run bench -- audit [ORDERS]`, `-- replay [SCALE]`, `-- memory [SCALE]`, `-- judge [SCALE]`: which benchmark to run. */

const [which = 'audit', size] = process.argv.slice(2);

if (which === 'replay') {
  const { benchReplay } = await import('./replay.ts');
  await benchReplay(Number(size ?? 1));
} else if (which === 'memory') {
  const { benchMemory } = await import('./replay.ts');
  await benchMemory(Number(size ?? 1));
} else if (which === 'judge') {
  const { benchJudge } = await import('./judge.ts');
  await benchJudge(Number(size ?? 1));
} else if (which === 'audit' || /^\d+$/.test(which)) {
  const { benchAudit } = await import('./audit.ts');
  await benchAudit();
} else {
  process.stderr.write(`no benchmark is named ${which}: there are audit, replay, memory and judge\n`);
  process.exitCode = 2;
}
