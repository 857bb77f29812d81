/** How the state of an order looks: one table for list, detail, desk and replay. */
import type { OrderStatus, Priority } from '@/api/types'

export const STATUS_SHADE: Record<OrderStatus, string> = {
  draft: 'warn',
  created: 'info',
  dispatched: 'info',
  accepted: 'info',
  departed: 'info',
  arrived: 'info',
  working: 'info',
  waiting_parts: 'warn',
  rescheduled: 'warn',
  escalated: 'bad',
  completed: 'ok',
  reopened: 'bad',
  confirmed: 'ok',
  followed_up: 'ok',
  cancelled: '',
}

export const PRIORITY_SHADE: Record<Priority, string> = { normal: '', high: 'warn', critical: 'bad' }
export const PRIORITIES: readonly Priority[] = ['normal', 'high', 'critical']

/** The way an order goes; of the steps that are possible now the furthest along stands out. */
export const GOES_ON = ['create', 'dispatch', 'accept', 'depart', 'arrive', 'begin', 'complete', 'confirm', 'follow_up'] as const
/** Steps that end an order stand apart. */
export const ENDS = ['cancel'] as const
