/** A broker with StandardAuthorizer: `app` may do what it is given and no more, the test everything. */
import { Kafka, logLevel } from '../../src/broker/kafkajs.ts'
import type { Rule } from './acls.ts'
import { freePort, type RunningKafka, startKafka } from './kafka.ts'

export const USER = 'app'
export const PASSWORD = 'app-secret'

/** Kafka's AclOperation, ResourceType and PatternType. */
const OPERATIONS = { Read: 3, Write: 4, Create: 5, Delete: 6, DescribeConfigs: 10 } as const
const RESOURCES = { topic: 2, group: 3, 'transactional id': 5 } as const
const LITERAL = 3
const PREFIXED = 4
const ALLOW = 3

export interface AclKafka extends RunningKafka {
  /** SASL PLAIN, for `app`. */
  readonly sasl: string
  grant(rules: readonly Rule[]): Promise<void>
  revoke(rules: readonly Rule[]): Promise<void>
}

export async function startAclKafka(): Promise<AclKafka> {
  const sasl = `127.0.0.1:${await freePort()}`
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  const kafka = await startKafka(
    {
      'listener.security.protocol.map':
        'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,USERS:SASL_PLAINTEXT',
      'listener.name.users.sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.users.plain.sasl.jaas.config': `${login} user_${USER}="${PASSWORD}";`,
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'allow.everyone.if.no.acl.found': 'false',
      'super.users': 'User:ANONYMOUS',
    },
    [`USERS://${sasl}`],
  )
  const admin = new Kafka({ brokers: [kafka.address], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  const aclOf = ({ kind, name, isPrefix, right }: Rule) => ({
    resourceType: RESOURCES[kind],
    resourceName: name,
    resourcePatternType: isPrefix ? PREFIXED : LITERAL,
    principal: `User:${USER}`,
    host: '*',
    operation: OPERATIONS[right],
    permissionType: ALLOW,
  })
  return {
    ...kafka,
    sasl,
    async grant(rules) {
      await admin.createAcls({ acl: rules.map(aclOf) })
    },
    async revoke(rules) {
      await admin.deleteAcls({ filters: rules.map(aclOf) })
    },
    async stop() {
      await admin.disconnect()
      await kafka.stop()
    },
  }
}
