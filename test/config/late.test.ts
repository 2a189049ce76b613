/** What becomes of late records, by the join's kind and side. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { comesOutAlone, JOIN_KINDS, type SideName } from '../../src/config/join-kind.ts'
import { pipelineWith } from '../support/pipeline.ts'

const POLICIES = [undefined, 'emit', 'drop', 'reject'] as const
const SIDES: readonly SideName[] = ['left', 'right']

test('a late record comes out by default where its side’s come out without a match, and else is dropped', () => {
  for (const kind of JOIN_KINDS) {
    const { late } = pipelineWith(`, kind: ${kind}`).joins[0]
    for (const side of SIDES)
      assert.equal(late[side], comesOutAlone(kind, side) ? 'emit' : 'drop', `${kind} ${side}`)
  }
})

test('one policy is for both sides; emit for those that it can be of, and in an inner join for none', () => {
  for (const kind of JOIN_KINDS) {
    for (const policy of ['emit', 'drop', 'reject'] as const) {
      const read = () => pipelineWith(`, kind: ${kind}, late: ${policy}`).joins[0].late
      if (policy === 'emit' && kind === 'inner') {
        assert.throws(
          read,
          /emit is for records that .* those of an inner join never do; write drop or reject/,
        )
        continue
      }
      const of = (side: SideName) =>
        policy === 'emit' && !comesOutAlone(kind, side) ? 'drop' : policy
      assert.deepEqual(read(), { left: of('left'), right: of('right') })
    }
  }
})

test('a policy for each side: emit is refused, with its place, where the side’s records never come out alone', () => {
  for (const kind of JOIN_KINDS) {
    for (const left of POLICIES) {
      for (const right of POLICIES) {
        const given = { left, right }
        const text = SIDES.flatMap((side) => (given[side] ? [`${side}: ${given[side]}`] : []))
        const wrong = SIDES.filter((side) => given[side] === 'emit' && !comesOutAlone(kind, side))
        const read = () =>
          pipelineWith(`, kind: ${kind}, late: { ${text.join(', ')} }`).joins[0].late
        if (wrong.length > 0) {
          assert.throws(read, ({ message }: Error) =>
            wrong.every((side) => message.includes(`join.late.${side}: emit is for`)),
          )
          continue
        }
        const of = (side: SideName) => given[side] ?? (comesOutAlone(kind, side) ? 'emit' : 'drop')
        assert.deepEqual(read(), { left: of('left'), right: of('right') })
      }
    }
  }
})
