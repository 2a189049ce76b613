import type { Bytes } from '../bytes.ts'
import type { AvroReader } from '../codec/avro/reader.ts'
import type { AvroSink } from '../codec/avro/sink.ts'
import { FAILED, type Fate, FILTERED, TAKEN } from '../codec/port.ts'
import type { Computation } from './computed.ts'
import { type Evaluate, FAILED as FAILURE, Frame, VALUE } from './frame.ts'
import { asInts, bigints, numbers } from './integers.ts'
import type { Target } from './part.ts'
import { compileWrite, type Write } from './write.ts'

/** A program, compiled for one layout of records and one form of whole numbers. */
interface Compiled {
  readonly where: Evaluate<unknown> | null
  readonly writes: readonly Write[]
}

/** Runs a program over records of one layout. */
export class Evaluation {
  readonly #computation: Computation
  readonly #reader: AvroReader
  readonly #sentences: string[]
  readonly #frame = new Frame()
  readonly #fast: Compiled
  /** Made when it is first needed, as it is by few. */
  #exact: Compiled | undefined
  /** Of the record evaluated last: where each written field begins, in bytes of the sink. */
  readonly places: Int32Array
  /** Bytes of the fields of the output. */
  selected = 0

  /** @param sentences why records fail, to which those of this program are added */
  constructor(reader: AvroReader, computation: Computation, sentences: string[]) {
    this.#computation = computation
    this.#reader = reader
    this.#sentences = sentences
    this.#fast = this.#compile(numbers)
    this.places = new Int32Array(computation.written.length)
  }

  /** Why the last record has failed. */
  get fault(): number {
    return this.#frame.fault
  }

  /** Evaluates the record that the reader has just walked; its derived fields go into the sink. */
  run(buffer: Bytes, end: number, sink: AvroSink): Fate {
    const frame = this.#frame
    frame.open(buffer, end, this.#reader.starts)
    const fate = this.#run(this.#fast, sink)
    if (!frame.isInexact) return fate
    sink.rewind(0)
    frame.reset()
    this.#exact ??= this.#compile(bigints)
    return this.#run(this.#exact, sink)
  }

  #run({ where, writes }: Compiled, sink: AvroSink): Fate {
    const frame = this.#frame
    if (where !== null) {
      const isTrue = where(frame)
      if (frame.state === FAILURE) return FAILED
      if (frame.state !== VALUE || isTrue !== true) return FILTERED
    }
    const { select } = this.#computation.wanted
    this.selected = 0
    for (let i = 0; i < writes.length; i++) {
      this.places[i] = sink.written
      if (!writes[i](frame, sink)) return FAILED
      if (i < select.length) this.selected = sink.written
    }
    return TAKEN
  }

  #compile(form: typeof numbers | typeof bigints): Compiled {
    const { program, written, wanted } = this.#computation
    const ints = asInts(form)
    const note = (sentence: string): number => {
      const known = this.#sentences.indexOf(sentence)
      return known >= 0 ? known : this.#sentences.push(sentence) - 1
    }
    const target: Target = {
      ints,
      index: (name) => this.#reader.indexOf(name),
      note,
      sentence: (_at, what) => note(what),
    }
    return {
      where: program.where === null ? null : program.where.compile(target),
      writes: written.map((field, i) => {
        const isMadeNullable = i < wanted.select.length && wanted.select[i].nullable
        return compileWrite(field.part, target, field.part.type.nullable || isMadeNullable)
      }),
    }
  }
}
