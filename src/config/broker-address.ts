import { isIPv6 } from 'node:net'

/** Whether it is `host:port`; an IPv6 address has its brackets, as `[::1]:9092`. */
export function isBrokerAddress(text: string): boolean {
  const [, inBrackets, host, port] = /^(?:\[([^\]]*)\]|([^\s/:[\]]+)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined || Number(port) === 0 || Number(port) > 65_535) return false
  return host !== undefined || isIPv6(inBrackets)
}
