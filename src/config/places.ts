import { EnricherError, type ErrorCode } from '../errors.ts'
import type { Pipeline } from './pipeline.ts'

/** @param at a place in the text of the value there */
type Place = (path: readonly string[], at?: number) => string

/** Beside the pipelines, not in them: a pipeline is plain data. */
const places = new WeakMap<Pipeline, Place>()

export function setPlaces(pipeline: Pipeline, place: Place): void {
  places.set(pipeline, place)
}

/**
 * `pipeline.yaml:27: join.on`, or the path alone where the pipeline is of no file.
 * @param at a place in the text of the value there: `pipeline.yaml:27:12: facts.where`
 */
export const placeOf = (pipeline: Pipeline, path: readonly string[], at?: number): string =>
  places.get(pipeline)?.(path, at) ?? path.join('.')

/** Fails as `work` does; an error of these codes gets the place that it is about before its sentence. */
export async function atPlace<T>(
  pipeline: Pipeline,
  path: readonly string[],
  codes: readonly ErrorCode[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof EnricherError) || !codes.includes(error.code)) throw error
    const { code, message, cause, fields } = error
    throw new EnricherError(code, `${placeOf(pipeline, path)}: ${message}`, { cause, fields })
  }
}
