/** What else a customer has with us. */
import type { Order, OrderLine, OrderStatus } from '@/api/types'

const OVER: readonly OrderStatus[] = ['completed', 'confirmed', 'followed_up', 'cancelled']

export function isOpen(order: Pick<OrderLine, 'status'>): boolean {
  return !OVER.includes(order.status)
}

/** The customer's orders but this one, its parts and its whole: open ones first, each kind the newest first. */
export function others(orders: readonly OrderLine[], order: Order, parts: readonly Order[]): OrderLine[] {
  const shown = new Set([order.order_id, order.parent_id, ...parts.map((one) => one.order_id)])
  const rest = orders.filter((one) => !shown.has(one.order_id))
  const newest = (a: OrderLine, b: OrderLine): number => (a.created_at < b.created_at ? 1 : -1)
  return rest.sort((a, b) => Number(isOpen(b)) - Number(isOpen(a)) || newest(a, b))
}
