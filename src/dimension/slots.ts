/**
 * The index of a dimension's table: slots of a hash and an address (0: free) in one array, whose length is a power of
 * two; a hash that meets a taken slot goes on to the next. The table looks its keys up itself, which is the hot path;
 * here is what comes less often.
 */

/** Numbers of a slot: hash, address. They lie together, for every other place is a cache miss. */
export const SLOT = 2
export const ADDRESS = 1
const FIRST_SLOTS = 1 << 10

export const emptySlots = (): Int32Array => new Int32Array(FIRST_SLOTS * SLOT)

/** Whether three quarters are taken: with more of them a look-up would meet too many others. */
export const areFull = (slots: Int32Array, entries: number): boolean =>
  entries * SLOT * 8 >= slots.length * 6

/** The same entries in twice as many slots. */
export function doubled(slots: Int32Array): Int32Array {
  const more = new Int32Array(slots.length * 2)
  const mask = more.length - SLOT
  for (let i = 0; i < slots.length; i += SLOT) {
    if (slots[i + ADDRESS] === 0) continue
    let slot = (slots[i] * SLOT) & mask
    while (more[slot + ADDRESS] !== 0) slot = (slot + SLOT) & mask
    more[slot] = slots[i]
    more[slot + ADDRESS] = slots[i + ADDRESS]
  }
  return more
}

/** Frees a slot. Whatever was put behind it because it was taken moves up, so that no tombstone is needed. */
export function free(slots: Int32Array, taken: number): void {
  const mask = slots.length - SLOT
  let slot = taken
  for (let next = (slot + SLOT) & mask; slots[next + ADDRESS] !== 0; next = (next + SLOT) & mask) {
    const home = (slots[next] * SLOT) & mask
    if (((next - home) & mask) < ((next - slot) & mask)) continue
    slots[slot] = slots[next]
    slots[slot + ADDRESS] = slots[next + ADDRESS]
    slot = next
  }
  slots[slot + ADDRESS] = 0
}

/** The slot of the entry at this address, whose key has this hash; -1: no slot has it. */
export function slotOf(slots: Int32Array, hash: number, address: number): number {
  const mask = slots.length - SLOT
  for (let slot = (hash * SLOT) & mask; ; slot = (slot + SLOT) & mask) {
    const found = slots[slot + ADDRESS]
    if (found === 0) return -1
    if (found >>> 0 === address) return slot
  }
}
