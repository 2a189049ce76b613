/** CRC-32C (RFC 3720, appendix B.4): of Kafka's record batches, and of what is stored. */
export { crc32c } from '@node-rs/crc32'
