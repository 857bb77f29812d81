import type { Order, OrderLine } from '@/api/types'
import { lineOf, seen, shown, withNewest, withOrders, withPage } from '@/orders/live'
import { describe, expect, it } from 'vitest'

const order = (id: string, more: Partial<OrderLine> = {}): OrderLine => ({ order_id: id, edit_version: 1, status: 'created', ...more }) as OrderLine
const NOBODY = new Set<string>()
const ids = (items: OrderLine[]): string[] => items.map((one) => one.order_id)

describe('a live list of orders', () => {
  it('changes rows where they are and marks those that others changed', () => {
    const list = withOrders(shown([order('b'), order('a')]), [order('a', { edit_version: 2, status: 'dispatched' }), order('b', { edit_version: 2, status: 'dispatched' })], new Set(['a']))
    expect(ids(list.items)).toEqual(['b', 'a'])
    expect(list.items.map((one) => one.status)).toEqual(['dispatched', 'dispatched'])
    expect([...list.changed]).toEqual(['a'])
    expect(seen(list, 'a').changed.size).toBe(0)
  })
  it('offers newcomers and does not insert them', () => {
    const list = withNewest(shown([order('a')]), [order('c'), order('b'), order('a')], NOBODY)
    expect(ids(list.items)).toEqual(['a'])
    expect([...list.fresh]).toEqual(['c', 'b'])
  })
  it('never goes back to an older version', () => {
    expect(withOrders(shown([order('a', { edit_version: 3 })]), [order('a', { edit_version: 2 })], new Set(['a'])).items[0]?.edit_version).toBe(3)
  })
  it('does not mark a row for time that runs on', () => {
    const sla = (left_s: number) => ({ sla: { left_s } }) as Partial<OrderLine>
    expect(withOrders(shown([order('a', sla(9))]), [order('a', sla(8))], new Set(['a'])).changed.size).toBe(0)
  })
  it('shows an order once that moved down to the next page', () => {
    expect(ids(withPage(shown([order('b'), order('a')]), [order('a'), order('z')]).items)).toEqual(['b', 'a', 'z'])
  })
  it('shows a whole order as its line', () => {
    const field = (value: string) => ({ value, display: value })
    const whole = { order_id: 'a', status: 'created', fields: { brand: field('格力'), customer_name: field('王芳'), fault: field('不制冷') }, summary: 'long' }
    const line = lineOf(whole as unknown as Order)
    expect(line).toMatchObject({ order_id: 'a', status: 'created', brand: '格力', customer_name: '王芳', fault: '不制冷', appliance: null, sla: null })
    expect(line).not.toHaveProperty('summary')
  })
})
