/** What the chip of an order's service level says. */
import type { OrderLine } from '@/api/types'

export interface Chip {
  word: 'respond_left' | 'resolve_left' | 'respond_late' | 'resolve_late' | 'paused_parts' | 'paused_customer' | 'kept' | 'broken'
  shade: '' | 'ok' | 'warn' | 'bad'
  /** Said by shape as well as by colour. */
  mark: '' | '✓' | '!' | '‖' | '◔'
  /** 5m, 3h, 2d; empty where no time is left to tell. */
  left: string
}

const MINUTE = 60_000
const SOON_MS = 60 * MINUTE

/** Null for a draft and for a cancelled order: nothing is due. */
export function slaChip(order: Pick<OrderLine, 'status'> & { sla?: OrderLine['sla'] }, nowMs: number): Chip | null {
  const sla = order.sla
  if (!sla || order.status === 'cancelled') return null
  if (sla.resolved_at) return sla.breached.length ? { word: 'broken', shade: 'bad', mark: '!', left: '' } : { word: 'kept', shade: 'ok', mark: '✓', left: '' }
  if (sla.paused) return { word: sla.paused === 'parts' ? 'paused_parts' : 'paused_customer', shade: '', mark: '‖', left: '' }
  const limit = sla.responded_at ? 'resolve' : 'respond'
  const by = sla.responded_at ? sla.resolve_by : sla.respond_by
  if (!by) return null
  const leftMs = Date.parse(by) - nowMs
  if (leftMs < 0) return { word: `${limit}_late`, shade: 'bad', mark: '!', left: short(-leftMs) }
  const soon = leftMs <= SOON_MS
  return { word: `${limit}_left`, shade: soon ? 'warn' : '', mark: soon ? '◔' : '', left: short(leftMs) }
}

/** 5m, 3h, 2d: one figure is enough to act on. */
export function short(ms: number): string {
  const minutes = Math.floor(ms / MINUTE)
  if (minutes < 60) return `${minutes}m`
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)}h` : `${Math.floor(minutes / 1440)}d`
}
