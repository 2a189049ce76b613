import type { OutputCodec } from '../codec/port.ts'
import type { SinkOutput } from './sink.ts'
import type { Outputs } from './task-output.ts'

interface Output extends Pick<SinkOutput, 'topic' | 'shape'> {
  readonly codec: OutputCodec
}

/**
 * The first that takes completed records as they are has them written into its batches at once, and the others read
 * them there.
 * @param list the pipeline's, in the file's order; one at least
 */
export function outputsOf(list: readonly Output[]): Outputs {
  const whole = list.find(({ codec }) => codec.isWhole)
  const others = list.filter((output) => output !== whole)
  return {
    whole: whole?.topic ?? null,
    shape: (whole ?? list[0]).shape,
    sinks: others.map(({ topic, shape, codec: { reader, isKeyed } }) => ({
      topic,
      shape,
      reader,
      isKeyed,
    })),
  }
}
