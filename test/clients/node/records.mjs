/** The lines of a records file (see records.ts), grouped by how they end: `{ end, records }`. */
import { readFileSync } from 'node:fs'

const bytes = (field) => (field === '-' ? null : Buffer.from(field, 'base64'))

export function read(file) {
  const groups = []
  let records = []
  for (const text of readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const fields = text.split('\t')
    if (fields[0] === 'end') {
      groups.push({ end: fields[1], records })
      records = []
      continue
    }
    const headers = []
    for (let i = 4; i < fields.length; i += 2) headers.push([fields[i], bytes(fields[i + 1])])
    records.push({
      timestamp: Number(fields[1]),
      key: bytes(fields[2]),
      value: bytes(fields[3]),
      headers,
    })
  }
  return groups
}
