/** A sleep that can be ended early. */
export class Alarm {
  #ring: () => void = () => {}

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#ring = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Ends the sleep under way; where there is none, nothing. */
  ring(): void {
    this.#ring()
  }
}
