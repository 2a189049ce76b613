import avsc from 'avsc'

/** avsc's longs as bigints. */
export const longs = avsc.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => Buffer.from(new BigInt64Array([value]).buffer),
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => Number(a > b) - Number(a < b),
  fromJSON: BigInt,
  toJSON: String,
})
