import { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import type { RecordSpace } from './batch-list.ts'

/** Holds one completed record at a time, for outputs to take of it what they want: none of them takes it as it is. */
export class Scratch implements RecordSpace {
  readonly #batch = new RecordBatchWriter({
    topic: '',
    partition: 0,
    transactional: false,
    compression: 'none',
  })

  fits(): boolean {
    return true
  }

  writer(): RecordBatchWriter {
    this.#batch.rewind()
    return this.#batch
  }
}
