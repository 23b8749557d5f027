/** JSON documents of an order shop, whole and mutated, for tests that hold readers against each other. */
import fc from 'fast-check';

/** Members from few names, so that paths are hit and names repeat; some names and texts written with escapes. */
export function documentText(): fc.Arbitrary<string> {
  const space = fc.constantFrom('', '', '', ' ', '\n\t ', '\r\n');
  const text = fc.oneof(
    fc.constantFrom('id', 'order', 'items', 'ä€😀', '', '__proto__', 'ORD-1'),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const quoted = fc
    .tuple(text, fc.boolean())
    .map(([value, inEscapes]) => (inEscapes ? escapedText(value) : JSON.stringify(value)));
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.constantFrom('0', '-0', '1.0', '1e3', '12345678901234567890', '1E+2', '01', '1.', '.5', '+1', '1e'),
  );
  const scalar = fc.oneof(quoted, number, fc.constantFrom('true', 'false', 'null', 'True', 'nul'));
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      scalar,
      fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
      fc
        .array(fc.tuple(quoted, space, tie('value'), space), { maxLength: 5 })
        .map((members) => `{${members.map(([n, a, v, b]) => `${a}${n}${b}:${a}${v}${b}`).join(',')}}`),
      fc
        .tuple(fc.nat(12), tie('value'))
        .map(([depth, v]) => `${'[{"order":'.repeat(depth)}${v}${'}]'.repeat(depth)}`),
    ),
  }));
  return fc.tuple(space, value, space).map((parts) => parts.join(''));
}

function escapedText(value: string): string {
  const units = value.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return `"${units.join('')}"`;
}

export function mutatedDocument(): fc.Arbitrary<Buffer> {
  const byte = fc.oneof(
    fc.nat(255),
    fc.constantFrom(...Buffer.from('{}[]",:\\0189eE+-. tfn\n'), 0xc3, 0xe2, 0xed, 0xf0, 0x80, 0xbf),
  );
  const mutation = fc.record({ kind: fc.constantFrom('set', 'insert', 'remove', 'cut'), at: fc.nat(), byte });
  return fc.tuple(documentText(), fc.array(mutation, { maxLength: 2 })).map(([text, mutations]) => {
    let bytes = [...Buffer.from(text)];
    for (const { kind, at, byte: value } of mutations) {
      const place = at % (bytes.length + 1);
      if (kind === 'cut') bytes = bytes.slice(0, place);
      else bytes.splice(place, kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [value]));
    }
    return Buffer.from(bytes);
  });
}
