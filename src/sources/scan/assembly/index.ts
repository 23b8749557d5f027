/** What the host calls. Addresses are bytes of the memory, ends exclusive. */
export { placeColumn, setColumns, setDigests, state } from './columns';
export { addCondition, addList, addValue, setBound, setExists } from './conditions';
export { crc32c } from './crc32c';
export { addHeader, setOuterSlot, setTopic } from './fields';
export { reserve } from './memory';
export { seen, setIdentity, setKind, setKinds, setPart, setParts, setRoot, setSampling, setWhere } from './messages';
export { addItem, addMember, addNode, setSlot } from './paths';
export { job, tell } from './records';
export { digest, setDigestKey, writeDigest } from './siphash';
