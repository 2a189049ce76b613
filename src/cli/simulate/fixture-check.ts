import { compiled } from '../../config/json-schema.ts'
import { fixtureSchema, type RawFixture } from './fixture-schema.ts'

export default compiled<RawFixture>(fixtureSchema)
