/**
 * kafkajs 2.2.4 takes what is before the first colon for a broker's host (`connectionPoolBuilder.js`), and
 * so the address of no IPv6 host: for it such a host has a name without colons, which our sockets know. Those
 * that brokers tell of in their metadata are not cut.
 */
const PREFIX = 'ipv6_literal_'

/** @param address host:port, or [IPv6 address]:port */
export function seedOf(address: string): string {
  const [, host, port] = /^\[(.+)\]:(\d+)$/.exec(address) ?? []
  return host === undefined ? address : `${PREFIX}${host.replaceAll(':', '_')}:${port}`
}

/** What a socket connects to. */
export const hostOf = (host: string): string =>
  host.startsWith(PREFIX) ? host.slice(PREFIX.length).replaceAll('_', ':') : host
