import { ApiError } from '@/api/http'
import type { Field, Order } from '@/api/types'
import { arrived, justOpened, patchTo, problemsOf, shownValue, typedInto } from '@/orders/sheet'
import { describe, expect, it } from 'vitest'

const field = (value: Field['value']): Field => ({ value, display: String(value), source: 'agent', confidence: null, state: 'edited', rule: null, evidence: [] })
const order = (fields: Order['fields'], more: Partial<Order> = {}): Order => ({ order_id: 'o', status: 'draft', edit_version: 1, channel: 'desk', created_by: 'me', fields, own_fields: [], ...more }) as Order

describe("an order's form", () => {
  it('sends what differs, blanks as nothing, and no field that the form lacks', () => {
    const now = order({ brand: field('格力'), model: field('K1'), address: field({ city: '杭州市', detail: '' }) })
    expect(patchTo(now, { brand: '格力 ', model: '', address: { city: '杭州市' }, lift: true, fault: '不制冷' })).toEqual({ fields: { model: null, fault: '不制冷' } })
    expect(patchTo(now, { brand: '格力' })).toBeNull()
  })

  it('keeps what was typed while other orders are looked at, and what was typed after it was sent', () => {
    typedInto('a').brand = '美的'
    typedInto('a').fault = '漏水'
    expect(typedInto('b')).toEqual({})
    arrived(typedInto('a'), { fields: { brand: '美的', fault: '不制冷' } })
    expect(typedInto('a')).toEqual({ fault: '漏水' })
  })

  it('shows what was typed before what is on the order, an emptied field too', () => {
    const now = order({ brand: field('格力') })
    expect(shownValue(now, {}, 'brand')).toBe('格力')
    expect(shownValue(now, { brand: null }, 'brand')).toBeNull()
  })

  it('names the field of a refusal, however deep the place', () => {
    const problem = { type: '', title: '', status: 422, code: 'invalid', errors: [{ field: 'fields.address.detail', code: 'too_long', message: '' }, { field: 'brand', code: 'required', message: '' }, { field: 'body', code: 'x', message: '' }] }
    expect(Object.keys(problemsOf(new ApiError(problem), order({})))).toEqual(['address', 'brand'])
    expect(problemsOf(new Error('away'), order({}))).toEqual({})
  })

  it('has the focus at once only where I opened it myself a moment ago', () => {
    expect(justOpened(order({}), 'me')).toBe(true)
    expect(justOpened(order({}, { edit_version: 2 }), 'me')).toBe(false)
    expect(justOpened(order({}), 'you')).toBe(false)
  })
})
