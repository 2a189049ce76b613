/**
 * Azure's serializer for JavaScript at an endpoint: of lines `["write", schema, value]` the content type and the body in hex, of lines
 * `["read", content type, hex]` the value.
 */
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

// @param endpoint, token and group, and a folder that has the packages
const [, , endpoint, token, groupName, folder] = process.argv
const require = createRequire(`${folder}/`)
const { SchemaRegistryClient } = require('@azure/schema-registry')
const { AvroSerializer } = require('@azure/schema-registry-avro')

const credential = {
  getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }),
}
const client = new SchemaRegistryClient(endpoint, credential)
const serializer = new AvroSerializer(client, { groupName, autoRegisterSchemas: true })
for await (const line of createInterface({ input: process.stdin })) {
  const [what, one, other] = JSON.parse(line)
  if (what === 'write') {
    const { contentType, data } = await serializer.serialize(other, one)
    console.log(JSON.stringify([contentType, Buffer.from(data).toString('hex')]))
  } else {
    const message = { contentType: one, data: Buffer.from(other, 'hex') }
    console.log(JSON.stringify(await serializer.deserialize(message)))
  }
}
