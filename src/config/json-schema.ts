/** JSON Schemas as functions. */
import { Ajv, type ValidateFunction } from 'ajv'

/** `build.mjs` writes the code of what it has compiled. */
export const ajv = new Ajv({
  allErrors: true,
  allowUnionTypes: true,
  strict: false,
  verbose: true,
  // They are ours, and tests look at them; checking and compacting the code of each costs more than it saves.
  validateSchema: false,
  meta: false,
  code: { optimize: false, source: true, esm: true },
})

/**
 * To compile one takes a third of a start's CPU time. So each is the default export of a file whose name ends in
 * `-check.ts`, and a build has the compiled function in that file's place.
 */
export function compiled<T>(schema: object): ValidateFunction<T> {
  return ajv.compile<T>(schema)
}
