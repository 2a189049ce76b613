/** What src/broker/port.ts promises, in sentences: kept by the client of a real Kafka, and by the Kafka in memory. */
import { groupsKeepTheContract } from './contract/groups.ts'
import { membersKeepTheContract } from './contract/members.ts'
import { readersKeepTheContract } from './contract/readers.ts'
import type { OpenKafka } from './contract/setting.ts'
import { topicsKeepTheContract } from './contract/topics.ts'
import { transactionsKeepTheContract } from './contract/transactions.ts'

export function keepsTheContract(open: OpenKafka): void {
  topicsKeepTheContract(open)
  readersKeepTheContract(open)
  transactionsKeepTheContract(open)
  groupsKeepTheContract(open)
  membersKeepTheContract(open)
}
