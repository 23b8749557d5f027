/** The paths that are looked for in values, as one tree, and what was found in the record at hand: by slot, one for each field. */
import { reserve } from './memory';

/** Kinds of what a slot holds. A JSON null is like nothing: no slot holds it. */
export const BOOLEAN = 2;
export const NUMBER = 3;
export const STRING = 4;
export const OBJECT = 5;
/** Its start is the number of its items. */
export const ARRAY = 6;
/** A string whose written bytes are not its text. */
export const ESCAPED = 7;
/** Bytes that may not be UTF-8. */
export const BYTES = 8;
/** ASCII that does not need to be looked at. */
export const PLAIN = 9;

export const SLOTS: u32 = 32;
const SLOT_BYTES: u32 = 16;
const slots = memory.data(32 * 16, 16);

/** Bit i: slot i holds something. */
export let found: u32 = 0;

// @ts-ignore: decorator
@inline
function slotAt(slot: u32): u32 {
  return <u32>slots + slot * SLOT_BYTES;
}

// @ts-ignore: decorator
@inline
export function holds(slot: u32): bool {
  return ((found >>> slot) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function kindOf(slot: u32): i32 {
  return load<i32>(slotAt(slot));
}

// @ts-ignore: decorator
@inline
export function startOf(slot: u32): u32 {
  return load<u32>(slotAt(slot), 4);
}

// @ts-ignore: decorator
@inline
export function endOf(slot: u32): u32 {
  return load<u32>(slotAt(slot), 8);
}

// @ts-ignore: decorator
@inline
export function hold(slot: u32, kind: i32, start: u32, end: u32): void {
  const at = slotAt(slot);
  store<i32>(at, kind);
  store<u32>(at, start, 4);
  store<u32>(at, end, 8);
  found |= 1 << slot;
}

// @ts-ignore: decorator
@inline
export function drop(slot: u32): void {
  found &= ~(1 << slot);
}

/** Before a record: no slot holds anything. */
// @ts-ignore: decorator
@inline
export function dropAll(): void {
  found = 0;
}

// A node is: its slot (-1: none), the slots at and below it as bits, its parent, its first member, its first item.
const NODE_BYTES = 20;
const BELOW: usize = 4;
const PARENT: usize = 8;
const MEMBERS: usize = 12;
const ITEMS: usize = 16;
// A member is: the next one, its node, place and length of its name, the first eight bytes of it.
const MEMBER_BYTES = 24;
const NODE: usize = 4;
const NAME: usize = 8;
const LENGTH: usize = 12;
const FIRST: usize = 16;
// An item is: the next one, its node, its index.
const ITEM_BYTES = 12;
const INDEX: usize = 8;

/** A node without anything below it. @param parent 0: it is the root */
export function addNode(parent: u32): u32 {
  const node = reserve(NODE_BYTES);
  store<i32>(node, -1);
  store<u32>(node, parent, PARENT);
  return node;
}

/** The node behind a name, made where it is not there yet. The bytes of the name must stay where they are. */
export function addMember(node: u32, name: u32, length: u32): u32 {
  const known = memberOf(node, name, name + length);
  if (known != 0) return load<u32>(known, NODE);
  const one = reserve(MEMBER_BYTES);
  store<u32>(one, load<u32>(node, MEMBERS));
  store<u32>(node, one, MEMBERS);
  store<u32>(one, addNode(node), NODE);
  store<u32>(one, name, NAME);
  store<u32>(one, length, LENGTH);
  store<u64>(one, firstBytes(name, length), FIRST);
  return load<u32>(one, NODE);
}

/** The node at an index, made where it is not there yet. */
export function addItem(node: u32, index: i32): u32 {
  const known = item(node, index);
  if (known != 0) return known;
  const one = reserve(ITEM_BYTES);
  store<u32>(one, load<u32>(node, ITEMS));
  store<u32>(node, one, ITEMS);
  store<u32>(one, addNode(node), NODE);
  store<i32>(one, index, INDEX);
  return load<u32>(one, NODE);
}

/** Lets a slot hold what lies at a node. */
export function setSlot(node: u32, slot: u32): void {
  store<i32>(node, slot);
  for (; node != 0; node = load<u32>(node, PARENT)) {
    store<u32>(node, load<u32>(node, BELOW) | (1 << slot), BELOW);
  }
}

// @ts-ignore: decorator
@inline
export function put(node: u32, kind: i32, start: u32, end: u32): void {
  const slot = load<i32>(node);
  if (slot >= 0) hold(slot, kind, start, end);
}

/** Forgets what was found at a node and below it. */
// @ts-ignore: decorator
@inline
export function forget(node: u32): void {
  if (node != 0) found &= ~load<u32>(node, BELOW);
}

/** The node behind the name [at, end), or 0; what an earlier member of the name held is forgotten. */
// @ts-ignore: decorator
@inline
export function member(node: u32, at: u32, end: u32): u32 {
  const one = memberOf(node, at, end);
  if (one == 0) return 0;
  const behind = load<u32>(one, NODE);
  forget(behind);
  return behind;
}

/** The node at an index, or 0. */
export function item(node: u32, index: i32): u32 {
  for (let one = load<u32>(node, ITEMS); one != 0; one = load<u32>(one)) {
    if (load<i32>(one, INDEX) == index) return load<u32>(one, NODE);
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function memberOf(node: u32, at: u32, end: u32): u32 {
  const length = end - at;
  const first = firstBytes(at, length);
  for (let one = load<u32>(node, MEMBERS); one != 0; one = load<u32>(one)) {
    if (load<u64>(one, FIRST) != first || load<u32>(one, LENGTH) != length) continue;
    if (length <= 8 || memory.compare(load<u32>(one, NAME), at, length) == 0) return one;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function firstBytes(at: u32, length: u32): u64 {
  const bytes = load<u64>(at);
  return length < 8 ? bytes & (((<u64>1) << (length << 3)) - 1) : bytes;
}
