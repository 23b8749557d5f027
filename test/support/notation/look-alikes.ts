/** Pairs of keys that are not equal, and that some reader, database or engine takes for equal. */
export const LOOK_ALIKES: readonly (readonly [key: string, other: string])[] = [
  ['1', '11'],
  // Keys of two parts that are one text where their parts are not kept apart.
  ['1 11', '11 1'],
  ['1%2011', '1 11'],
  ['a', 'A'],
  ['straße', 'STRASSE'],
  // One letter as one code point and as two (Unicode normal forms C and D).
  ['caf\u00e9', 'cafe\u0301'],
  // Doubles cannot tell them apart.
  ['9007199254740993', '9007199254740992'],
  ['1', '1.0'],
  ['7', '007'],
  ['100', '1e2'],
  ['a', 'a '],
  ['0', '-0'],
  ['hex:31', '1'],
  // Beyond the basic plane, where UTF-16 and UTF-8 sort differently.
  ['\u{1f4e6}', '\uffee'],
];
