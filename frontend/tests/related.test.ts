import type { Order, OrderLine, OrderStatus } from '@/api/types'
import { others } from '@/orders/related'
import { describe, expect, it } from 'vitest'

const order = (order_id: string, status: OrderStatus, created_at: string, parent_id: string | null = null): Order & OrderLine => ({ order_id, status, created_at, parent_id }) as Order & OrderLine

describe("a customer's other orders", () => {
  it('come open ones first, the newest of each first, without what stands above them already', () => {
    const here = order('here', 'created', '5', 'whole')
    const list = [order('old', 'followed_up', '1'), here, order('whole', 'working', '2'), order('part', 'created', '6'), order('open', 'working', '3'), order('new', 'cancelled', '9'), order('draft', 'draft', '4')]
    expect(others(list, here, [order('part', 'created', '6')]).map((one) => one.order_id)).toEqual(['draft', 'open', 'new', 'old'])
  })
})
