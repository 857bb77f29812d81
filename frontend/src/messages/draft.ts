/** Rules of messages that were changed and not published yet, kept in this browser for whoever changed them. */
import type { NotifyTable } from '@/api/types'

export interface RulesDraft {
  version: number
  base: NotifyTable
  table: NotifyTable
}

const keyOf = (userId: string): string => `callcenter.messages.${userId}`

export function keepDraft(store: Storage, userId: string, draft: RulesDraft | null): void {
  if (draft) store.setItem(keyOf(userId), JSON.stringify(draft))
  else store.removeItem(keyOf(userId))
}

/** What was kept; null when nothing was, or it cannot be read any more. */
export function keptDraft(store: Storage, userId: string): RulesDraft | null {
  try {
    const found = JSON.parse(store.getItem(keyOf(userId)) ?? 'null') as RulesDraft | null
    return found && Array.isArray(found.table?.rules) && Array.isArray(found.base?.rules) ? found : null
  } catch {
    return null
  }
}
