/** Settings of an order shop's audit, complete, with only what a test is about to be said. */
import type {
  FieldReference,
  KeyRule,
  KindSettings,
  MessageKeyPart,
  MessageSettings,
  Settings,
} from '../../../src/model.ts';

type Place<T> = T extends unknown ? Omit<T, 'text'> : never;

export function field(text: string, place: Place<FieldReference>): FieldReference {
  return { text, ...place } as FieldReference;
}

export function messageSettings(
  settings: Omit<Partial<MessageSettings>, 'key'> & { readonly key: readonly FieldReference[] },
): MessageSettings {
  return {
    topic: 'orders',
    from: { source: 'capture', files: [] },
    range: { by: 'all', padding: 0 },
    isolation: 'read_committed',
    copies: 'one-event',
    value: 'json',
    where: [],
    ...settings,
    key: settings.key.map((reference) => keyPart(reference)),
  };
}

function keyPart(reference: FieldReference, rule: KeyRule = { fold: false }): MessageKeyPart {
  return { field: reference, ...rule };
}

export function kindSettings(name: string, settings: Partial<KindSettings>): KindSettings {
  return {
    name,
    expect: { by: 'number', min: 1, max: 1 },
    where: [],
    lead: 120_000,
    settle: 600_000,
    after: 86_400_000,
    maxKeyless: 0.05,
    orphans: 'finding',
    ...settings,
  };
}

export function settingsOf(messages: MessageSettings, kinds: readonly KindSettings[]): Settings {
  return {
    name: 'orders',
    messages,
    kinds,
    entries: kinds.map(({ name }, kind) => ({
      kind,
      name,
      source: {
        source: 'postgres',
        table: 'orders',
        key: [{ name: 'order_id', fold: false }],
        only: [],
        timeout: 60_000,
      },
    })),
    report: { directory: '/nowhere', ledger: false },
    memory: '1GB',
    configDigest: '',
  };
}
