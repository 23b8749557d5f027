/** `npm run bench [-- audit [ORDERS]]`, `npm run bench -- replay [SCALE]`: which benchmark to run. */

const [which = 'audit', size] = process.argv.slice(2);

if (which === 'replay') {
  const { benchReplay } = await import('./replay.ts');
  await benchReplay(Number(size ?? 1));
} else if (which === 'audit' || /^\d+$/.test(which)) {
  const { benchAudit } = await import('./audit.ts');
  await benchAudit();
} else {
  process.stderr.write(`no benchmark is named ${which}: there are audit and replay\n`);
  process.exitCode = 2;
}
