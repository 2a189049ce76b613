/** Fails where the work takes longer. */
export function inTime<T>(work: Promise<T>, patienceMs: number): Promise<T> {
  const patience = new Promise<never>((_resolve, reject) => {
    setTimeout(reject, patienceMs).unref()
  })
  return Promise.race([work, patience])
}
