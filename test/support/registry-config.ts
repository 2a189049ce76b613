import type { RegistryConfig } from '../../src/config/pipeline.ts'

/** How subjects are named there. */
export const CONFLUENT_NAMES = {
  subjectOf: (topic: string): string => `${topic}-value`,
  keySubjectOf: (topic: string): string => `${topic}-key`,
}

/** A registry with Confluent's API, at no address, without a user. */
export const REGISTRY: RegistryConfig = {
  type: 'confluent',
  url: '',
  username: null,
  password: null,
  token: null,
  useId: null,
  region: null,
  registryName: null,
  group: null,
  tls: null,
}
