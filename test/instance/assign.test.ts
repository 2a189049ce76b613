import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { taskNumber, taskOf } from '../../src/broker/task-number.ts'
import {
  assignTasks,
  type Claimant,
  decodeUserData,
  encodeUserData,
} from '../../src/instance/assign.ts'

interface Group {
  readonly partitions: number
  readonly members: readonly Claimant[]
}

const memberIds = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), {
  minLength: 1,
  maxLength: 9,
})

/** Each partition has at most one owner, as after any generation, and any number of stores. */
const groups: fc.Arbitrary<Group> = fc
  .tuple(memberIds, fc.integer({ min: 0, max: 40 }))
  .chain(([ids, partitions]) => {
    const numbers = Array.from({ length: partitions }, (_, p) => p)
    const owners = fc.array(fc.integer({ min: -1, max: ids.length - 1 }), {
      minLength: partitions,
      maxLength: partitions,
    })
    const stores = fc.array(fc.subarray(numbers), { minLength: ids.length, maxLength: ids.length })
    return fc.record({ owners, stores }).map(({ owners, stores }) => ({
      partitions,
      members: ids.map((memberId, m) => ({
        memberId,
        owned: numbers.filter((p) => owners[p] === m),
        stores: stores[m],
      })),
    }))
  })

/** Members that believe what they like: claims that overlap, and partitions that do not exist. */
const confused: fc.Arbitrary<Group> = fc.record({
  partitions: fc.integer({ min: 0, max: 20 }),
  members: memberIds.chain((ids) =>
    fc.tuple(
      ...ids.map((memberId) =>
        fc.record({
          memberId: fc.constant(memberId),
          owned: fc.array(fc.nat({ max: 30 }), { maxLength: 20 }),
          stores: fc.array(fc.nat({ max: 30 }), { maxLength: 20 }),
        }),
      ),
    ),
  ),
})

const runs = { numRuns: 2000 }
const assign = ({ members, partitions }: Group): Map<string, number[]> =>
  assignTasks(members, [partitions])

test('every partition goes to exactly one member, and counts differ by one at most', () => {
  fc.assert(
    fc.property(fc.oneof(groups, confused), (group) => {
      const given = assign(group)
      assert.deepEqual(new Set(given.keys()), new Set(group.members.map((m) => m.memberId)))
      const all = [...given.values()].flat().sort((a, b) => a - b)
      assert.deepEqual(
        all,
        Array.from({ length: group.partitions }, (_, p) => p),
      )
      const counts = [...given.values()].map((list) => list.length)
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1)
    }),
    runs,
  )
})

test('the order in which the members are listed changes nothing', () => {
  const shuffled = fc
    .oneof(groups, confused)
    .chain((group) =>
      fc.tuple(
        fc.constant(group),
        fc.shuffledSubarray([...group.members], { minLength: group.members.length }),
      ),
    )
  fc.assert(
    fc.property(shuffled, ([group, members]) => {
      assert.deepEqual(assignTasks(members, [group.partitions]), assign(group))
    }),
    runs,
  )
})

test('a member keeps all it had, or has nothing else', () => {
  fc.assert(
    fc.property(groups, (group) => {
      const given = assign(group)
      for (const { memberId, owned } of group.members) {
        const mine = given.get(memberId)!
        const kept = mine.filter((p) => owned.includes(p)).length
        assert.equal(kept, Math.min(owned.length, mine.length))
      }
    }),
    runs,
  )
})

test('no balanced assignment moves fewer partitions away from their owners', () => {
  fc.assert(
    fc.property(groups, (group) => {
      const { members, partitions } = group
      const least = Math.floor(partitions / members.length)
      const larger = partitions % members.length
      const overfull = members.filter(({ owned }) => owned.length > least).length
      const most = members.reduce((sum, { owned }) => sum + Math.min(owned.length, least), 0)
      const given = assign(group)
      const kept = members.flatMap(({ memberId, owned }) =>
        given.get(memberId)!.filter((p) => owned.includes(p)),
      )
      assert.equal(kept.length, most + Math.min(larger, overfull))
    }),
    runs,
  )
})

test('a partition that moves goes to a member with its store while one has room', () => {
  fc.assert(
    fc.property(groups, (group) => {
      const given = assign(group)
      const knows = (member: Claimant, p: number): boolean =>
        member.owned.includes(p) || member.stores.includes(p)
      for (const member of group.members) {
        for (const p of given.get(member.memberId)!.filter((p) => !knows(member, p))) {
          for (const other of group.members.filter(({ stores }) => stores.includes(p))) {
            assert.ok(given.get(other.memberId)!.every((q) => knows(other, q)))
          }
        }
      }
    }),
    runs,
  )
})

test('an assignment that is in force is given again', () => {
  fc.assert(
    fc.property(groups, (group) => {
      const given = assign(group)
      const members = group.members.map((m) => ({ ...m, owned: given.get(m.memberId)! }))
      assert.deepEqual(assignTasks(members, [group.partitions]), given)
    }),
    runs,
  )
})

test('a member that comes takes one fair share and nothing else moves', () => {
  fc.assert(
    fc.property(groups, (group) => {
      const before = assign(group)
      const settled = group.members.map((m) => ({ ...m, owned: before.get(m.memberId)! }))
      const after = assignTasks(
        [...settled, { memberId: 'a newcomer', owned: [], stores: [] }],
        [group.partitions],
      )
      for (const { memberId, owned } of settled) {
        assert.ok(after.get(memberId)!.every((p) => owned.includes(p)))
      }
    }),
    runs,
  )
})

test('what a member claims reaches the leader as it was sent', () => {
  const partitions = fc.array(fc.nat())
  const text = fc.option(fc.string())
  fc.assert(
    fc.property(
      fc.record(
        { owned: partitions, stores: partitions, address: text, instance: text, version: text },
        { noNullPrototype: true },
      ),
      (claims) => {
        assert.deepEqual(decodeUserData(encodeUserData(claims)), claims)
      },
    ),
  )
  const unknown = { address: null, instance: null, version: null }
  assert.deepEqual(decodeUserData(Buffer.alloc(0)), { owned: [], stores: [], ...unknown })
})

test('a member of an older version has claims, and no address', () => {
  const older = Buffer.from(JSON.stringify({ owned: [1], stores: [1, 2] }))
  assert.deepEqual(decodeUserData(older), {
    owned: [1],
    stores: [1, 2],
    address: null,
    instance: null,
    version: null,
  })
})

/** Stages of any sizes, whose tasks belong to anybody. */
const staged = fc
  .tuple(memberIds, fc.array(fc.nat(12), { minLength: 1, maxLength: 3 }))
  .chain(([ids, partitions]) => {
    const numbers = partitions.flatMap((count, stage) =>
      Array.from({ length: count }, (_, p) => taskNumber(stage, p, partitions.length)),
    )
    const owners = fc.array(fc.integer({ min: -1, max: ids.length - 1 }), {
      minLength: numbers.length,
      maxLength: numbers.length,
    })
    return owners.map((owners) => ({
      partitions,
      numbers,
      members: ids.map((memberId, m) => ({
        memberId,
        owned: numbers.filter((_, t) => owners[t] === m),
        stores: [],
      })),
    }))
  })

test('the tasks of each stage are spread evenly, and those of all stages together', () => {
  const isEven = (counts: readonly number[]): boolean =>
    Math.max(...counts) - Math.min(...counts) <= 1
  fc.assert(
    fc.property(staged, ({ partitions, numbers, members }) => {
      const given = assignTasks(members, partitions)
      const lists = [...given.values()]
      assert.deepEqual(
        lists.flat().sort((a, b) => a - b),
        numbers.toSorted((a, b) => a - b),
      )
      assert.ok(isEven(lists.map((list) => list.length)))
      for (const stage of partitions.keys()) {
        const ofStage = (task: number): boolean => taskOf(task, partitions.length).stage === stage
        assert.ok(isEven(lists.map((list) => list.filter(ofStage).length)))
      }
    }),
    runs,
  )
})

test('with several stages, too, an assignment that is in force is given again', () => {
  fc.assert(
    fc.property(staged, ({ partitions, members }) => {
      const given = assignTasks(members, partitions)
      const settled = members.map((m) => ({ ...m, owned: given.get(m.memberId)! }))
      assert.deepEqual(assignTasks(settled, partitions), given)
    }),
    runs,
  )
})
