/** What else a customer has with us. */
import type { Order, OrderStatus } from '@/api/types'

const OVER: readonly OrderStatus[] = ['completed', 'confirmed', 'followed_up', 'cancelled']

export function isOpen(order: Order): boolean {
  return !OVER.includes(order.status)
}

/** The customer's orders but this one, its parts and its whole: open ones first, each kind the newest first. */
export function others(orders: readonly Order[], order: Order, parts: readonly Order[]): Order[] {
  const shown = new Set([order.order_id, order.parent_id, ...parts.map((one) => one.order_id)])
  const rest = orders.filter((one) => !shown.has(one.order_id))
  const newest = (a: Order, b: Order): number => (a.created_at < b.created_at ? 1 : -1)
  return rest.sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || newest(a, b))
}
