/** What the host calls: one export for each thing done where the bytes lie. */
export { crc32c } from './crc32c';
