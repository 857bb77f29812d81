/** Collects `order.changed` frames and asks the server once for many: one round at a time, none while nothing changes. */
import { useDesk } from '@/stores/desk'
import { useSession } from '@/stores/session'
import { onScopeDispose } from 'vue'

export const SETTLE_MS = 500

export interface Batch {
  ids: ReadonlySet<string>
  /** Those of `ids` that somebody else changed. */
  others: ReadonlySet<string>
  /** After a lost connection anything may have changed. */
  everything: boolean
}

const NOTHING: Batch = { ids: new Set(), others: new Set(), everything: false }

function both(a: Batch, b: Batch): Batch {
  return { ids: new Set([...a.ids, ...b.ids]), others: new Set([...a.others, ...b.others]), everything: a.everything || b.everything }
}

/**
 * Calls `ask` with what changed since the last round; what changes while it runs waits for the next.
 * An `ask` that says false could not use its answer: the batch comes again.
 */
export class Rounds {
  private waiting = NOTHING
  private timer = 0
  private running = false
  private stopped = false

  constructor(private readonly ask: (batch: Batch) => Promise<boolean>) {}

  add(change: Partial<Batch>): void {
    this.waiting = both(this.waiting, { ...NOTHING, ...change })
    if (!this.timer && !this.running && !this.stopped) this.timer = window.setTimeout(() => void this.round(), SETTLE_MS)
  }

  stop(): void {
    this.stopped = true
    window.clearTimeout(this.timer)
  }

  private async round(): Promise<void> {
    const batch = this.waiting
    this.waiting = NOTHING
    this.timer = 0
    this.running = true
    const used = await this.ask(batch).finally(() => (this.running = false))
    if (!used || this.waiting.ids.size || this.waiting.everything) this.add(used ? {} : batch)
  }
}

export function useOrderChanges(ask: (batch: Batch) => Promise<boolean>): void {
  const session = useSession()
  const rounds = new Rounds(ask)
  const stop = useDesk().onFrame((frame) => {
    if (frame.type === 'snapshot') rounds.add({ everything: true })
    if (frame.type !== 'order.changed') return
    const ids = new Set([frame.order_id])
    rounds.add({ ids, others: frame.by === session.user?.user_id ? NOTHING.others : ids })
  })
  onScopeDispose(() => {
    stop()
    rounds.stop()
  })
}
