/** Names of what is generated. */

/** The name with as many `_` as it needs. */
export function free(name: string, isTaken: (name: string) => boolean): string {
  return isTaken(name) ? free(`${name}_`, isTaken) : name
}

/** Letters of other scripts, and what else Protobuf has in no name, become `_`. */
export const word = (name: string): string => name.replaceAll(/\W/g, '_').replace(/^\d/, '_$&')

/** `order_id` → `OrderId`, as Protobuf's compiler makes the names of maps' entries. */
export const camel = (name: string): string =>
  name
    .split('_')
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('')

/** `OrderChannel` → `Order_Channel`. */
export const snake = (name: string): string => name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
