/** The clock of an order: what was raised, what is likely, and how right such predictions were. */
import type { IsoTime } from '@/api/types/wire'

/** What similar orders took that were open as long; `probability` is that of breaking the limit to resolve. */
export interface Forecast {
  probability: number | null
  likely_at: IsoTime | null
  late_at: IsoTime | null
  similar: number
  yardstick: { order_id: string; number: string | null; alike: number; took_s: number; resolved_at: IsoTime; breached: boolean }[]
}

/** Predictions tried on orders that are done: what was said against what came. */
export interface Backtest {
  orders: number
  all: { count: number; base_rate: number | null; skill: number | null; calibration_error: number | null; bins: { low: number; high: number; count: number; predicted: number; observed: number }[] }
}

export interface ClockAlert {
  at: IsoTime
  alert: 'outlook' | 'warned' | 'breached' | 'untouched' | 'node_missed'
  mark: string
  probability: number | null
}

export interface OrderClock {
  alerts: ClockAlert[]
  forecast: Forecast | null
}
