/** Shapes of pipelines beside SQL over the same tables, through more instances, fewer, deaths and lost state. */
import { test } from 'node:test'
import { BOTH_SIDES } from './both-sides.ts'
import { chain } from './chain.ts'
import { expectSql } from './expect-sql.ts'
import { REFUNDS } from './refunds.ts'
import { TRIPS } from './trips.ts'

test('both sides of another key, outer, with conditions, derived fields and a chain of look-ups: as SQL has it', () =>
  expectSql(BOTH_SIDES))

test('a left join after an outer one: as SQL has it', () => expectSql(chain('outer', 'left')))

test('an outer join after an inner one: as SQL has it', () => expectSql(chain('inner', 'outer')))

test('facts joined by a column of their rows, with the row of their time, left: as SQL has it', () =>
  expectSql(TRIPS))

test('joins by three keys, one of which is of an earlier join’s records, left, outer and left: as SQL has it', () =>
  expectSql(REFUNDS))
