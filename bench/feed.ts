/** Orders and their payments as fetched batches, without a broker. */
import * as data from '../examples/orders/data.ts'
import type { RecordColumns } from '../src/batch.ts'
import type { Fetched } from '../src/broker/port.ts'
import { RecordBatchWriter } from '../src/broker/record-batch-writer.ts'
import { decodeRecordBatches } from '../src/broker/record-columns.ts'

export const FIRST_TIME = 1_735_689_600_000
const ORDERS = 'orders'
const PAYMENTS = 'payments'
const ID_BYTES = 13
/** In both values: after the frame and the string's length; in JSON after its name. */
const ID_IN_VALUE = 6
const ID_IN_JSON = '{"order_id":"'.length

type Name = 'order' | 'payment'

/** How values are written, and where the order's id is in them. */
export interface ValueForm {
  encode(name: Name, record: object): Buffer
  readonly idAt: Readonly<Record<Name, number>>
}

export const AVRO: ValueForm = {
  encode: (name, record) => data.encode(name, record),
  idAt: { order: ID_IN_VALUE, payment: ID_IN_VALUE },
}

export const JSON_TEXT: ValueForm = {
  encode: (_, record) => Buffer.from(JSON.stringify(record)),
  idAt: { order: ID_IN_JSON, payment: ID_IN_JSON },
}

/** Rounds until an order is paid: exponential, with this mean, and this at most. */
const MEAN_DELAY = 5
const MOST_DELAY = 25

/** The bytes of a record batch of orders, or payments, `first` and on; `stepMs` apart. */
export async function recordBatch(
  name: Name,
  first: number,
  records: number,
  stepMs: number,
  form = AVRO,
): Promise<Buffer> {
  const topic = name === 'order' ? ORDERS : PAYMENTS
  const to = { topic, partition: 0, transactional: false, compression: 'none' } as const
  const writer = new RecordBatchWriter(to)
  for (let i = first; i < first + records; i++) {
    const time = FIRST_TIME + Math.floor((i - first) * stepMs)
    const record = name === 'order' ? data.order(i, time) : data.payment(i, time)
    const value = form.encode(name, record)
    writer.recordOf(time, { key: Buffer.from(data.orderId(i)), value, headers: [] })
  }
  return writer.seal(-1n, -1, -1)
}

/** Writes the digits of an order's id where another one's are. */
export function writeOrderId(buffer: Buffer, at: number, i: number): void {
  let rest = i
  for (let digit = at + ID_BYTES - 1; digit > at; digit--) {
    buffer[digit] = 48 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
}

/**
 * The input of one partition, round by round: as many orders as payments in each. The batches are
 * made once and get new ids and times in each round, so that making them costs next to nothing; a
 * round's batches are valid until the next one's are asked for.
 */
export class Feed {
  readonly #partition: number
  readonly #partitions: number
  readonly #records: number
  readonly #roundMs: number
  readonly #delays: Uint8Array
  readonly #orders: RecordColumns
  readonly #payments: RecordColumns
  readonly #idAt: ValueForm['idAt']

  private constructor(
    place: { partition: number; partitions: number },
    records: number,
    roundMs: number,
    batches: { orders: RecordColumns; payments: RecordColumns },
    idAt: ValueForm['idAt'],
  ) {
    this.#idAt = idAt
    this.#partition = place.partition
    this.#partitions = place.partitions
    this.#records = records
    this.#roundMs = roundMs
    this.#orders = batches.orders
    this.#payments = batches.payments
    this.#delays = Uint8Array.from({ length: records }, (_, j) => {
      const delay = -MEAN_DELAY * Math.log((j + 1) / records)
      return Math.min(MOST_DELAY, 1 + Math.floor(delay))
    })
  }

  static async of(
    place: { partition: number; partitions: number },
    records: number,
    roundMs: number,
    form = AVRO,
  ): Promise<Feed> {
    const columns = async (name: Name): Promise<RecordColumns> =>
      decodeRecordBatches(await recordBatch(name, 0, records, roundMs / records, form), 0, [])
    const batches = { orders: await columns('order'), payments: await columns('payment') }
    return new Feed(place, records, roundMs, batches, form.idAt)
  }

  orders(round: number): Fetched {
    for (let j = 0; j < this.#records; j++)
      this.#setId(this.#orders, j, this.#id(round, j), this.#idAt.order)
    return this.#fetched(ORDERS, this.#orders, round)
  }

  /** Of orders of earlier rounds; each order is paid once. Orders before the first round are not there. */
  payments(round: number): Fetched {
    for (let j = 0; j < this.#records; j++) {
      this.#setId(this.#payments, j, this.#id(round - this.#delays[j], j), this.#idAt.payment)
    }
    return this.#fetched(PAYMENTS, this.#payments, round)
  }

  #id(round: number, j: number): number {
    return ((round + MOST_DELAY) * this.#partitions + this.#partition) * this.#records + j
  }

  #setId(
    { buffer, keyStarts, valueStarts }: RecordColumns,
    j: number,
    id: number,
    idAt: number,
  ): void {
    writeOrderId(buffer, keyStarts[j], id)
    writeOrderId(buffer, valueStarts[j] + idAt, id)
  }

  #fetched(topic: string, columns: RecordColumns, round: number): Fetched {
    const first = round * this.#records
    const later = round * this.#roundMs
    const nextOffset = first + this.#records
    return {
      topic,
      partition: this.#partition,
      columns: {
        ...columns,
        timestamps: columns.timestamps.map((time) => time + later),
        offsets: columns.offsets.map((offset) => offset + first),
        nextOffset,
      },
      lastStableOffset: nextOffset,
      highWatermark: nextOffset,
    }
  }
}
