/** Names of what is generated. */
import { type BranchType, unqualified } from '../avro/schema.ts'

/** The field of a message that is made for a single value. */
export const VALUE = 'value'

/** Of a union's message: `string_value`, `Item_value`. */
export const branchName = (branch: BranchType): string =>
  `${'name' in branch ? word(unqualified(branch.name.full)) : branch.kind}_${VALUE}`

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
