import { bytesOf, NO_BYTES } from '../bytes.ts'
import { FRAME_BYTES } from '../codec/frame/framing.ts'
import type { OutputCodec } from '../codec/port.ts'
import type { SinkOutput } from './sink.ts'
import type { OutputShape, Outputs } from './task-output.ts'

interface Output extends Pick<SinkOutput, 'topic' | 'shape'> {
  readonly codec: OutputCodec
}

/** Of a completed record that no output has as it is, in Avro: with the frame that readers pass over, of no schema. */
const NOBODYS: OutputShape = {
  open: bytesOf(Buffer.alloc(FRAME_BYTES)),
  between: NO_BYTES,
  close: NO_BYTES,
}

/** Others' values have none, or a longer one. */
const isAvro = ({ shape }: Output): boolean => shape.open.length === FRAME_BYTES

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
    shape: (whole ?? list.find(isAvro))?.shape ?? NOBODYS,
    sinks: others.map(({ topic, shape, codec: { reader, isKeyed } }) => ({
      topic,
      shape,
      reader,
      isKeyed,
    })),
  }
}
