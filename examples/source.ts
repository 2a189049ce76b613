/** What an example's generator sends. Values are in natural form, by the topics' schemas. */
export interface Sent {
  /** One of several fields has these by their names. */
  readonly key: string | number | Readonly<Record<string, string | number>>
  readonly value: Readonly<Record<string, unknown>>
}

export interface Due extends Sent {
  /** Milliseconds since 1970: its event time, and when it is sent. */
  readonly at: number
}

export interface Source {
  /** Of the pipeline file's dimensions, by name. */
  readonly dimensions: Readonly<Record<string, () => Iterable<Sent>>>
  /** @param at its event time, in ms since 1970 */
  fact(i: number, at: number): Sent
  /** The right records that come after fact `i`, or with it. */
  rights(i: number, at: number): readonly Due[]
}
