/**
 * Real flights, keyed and shaped otherwise than they are joined, beside SQL over the same tables, through more instances,
 * fewer, deaths and lost state.
 *
 *     npm run test:flights
 */
import { test } from 'node:test'
import { expectSql } from '../e2e/sql/expect-sql.ts'
import { flightsShape } from './shape.ts'

test('flights joined by a column of their airport with readings of another key, with the wind of their time: as SQL has it', () =>
  expectSql(flightsShape()))
