/** What the host calls: blocks are decompressed from one place of the memory to another. */
export { lz4 } from './lz4';
export { snappy } from './snappy';
export { xxh32 } from './xxh32';
