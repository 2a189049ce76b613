/** CRC-32 for Kafka's placing of keys by librdkafka; CRC-32C (RFC 3720, appendix B.4) for its record batches, and for what is stored. */
export { crc32, crc32c } from '@node-rs/crc32'
