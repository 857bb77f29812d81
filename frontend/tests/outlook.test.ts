import { alertWord, spell } from '@/orders/outlook'
import { fileOf } from '@/orders/owner'
import type { Field, Order } from '@/api/types'
import { describe, expect, it } from 'vitest'

const t = (key: string, values?: Record<string, unknown>): string => `${key}(${String(values?.about ?? '')})`

describe('the outlook of an order', () => {
  it('spells working time as far as it matters', () => {
    expect([0, 2700, 3600, 12_000, 43_200].map(spell)).toEqual(['0 min', '45 min', '1 h', '3 h 20 min', '12 h'])
  })

  it('says what was raised about what', () => {
    const word = (alert: Parameters<typeof alertWord>[0]['alert'], mark: string, probability: number | null = null): string => alertWord({ alert, mark, probability }, t)
    expect(word('warned', 'respond.0.750')).toBe('outlook.alert.warned(sla.respond())')
    expect(word('breached', 'resolve.1.000')).toBe('outlook.alert.breached(sla.resolve())')
    expect(word('node_missed', 'node.created')).toBe('outlook.alert.node_missed(ostatus.created())')
    expect(word('outlook', 'outlook.0.5', 0.724)).toBe('outlook.alert.outlook(72%)')
    expect(word('untouched', 'untouched')).toBe('outlook.alert.untouched()')
  })
})

describe('a new file from an order', () => {
  const field = (value: Field['value']): Field => ({ value, state: 'edited' }) as Field
  it('needs a name and a number, and takes the address', () => {
    expect(fileOf({ fields: { customer_name: field('赵敏') } } as unknown as Order)).toBeNull()
    expect(fileOf({ fields: { customer_name: field('赵敏'), contact_phone: field('139'), address: field({ city: '杭州市' }) } } as unknown as Order)).toEqual({ name: '赵敏', phone: '139', address: { city: '杭州市' } })
  })
})
