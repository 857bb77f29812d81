import type { SearchAnswer } from '@/api/types'
import { contractState, draftsOf, planState, told } from '@/customers/file'
import { groupsOf, pieces, step } from '@/search/hits'
import { describe, expect, it } from 'vitest'

const marked = (text: string, q: string): string => pieces(text, q).map((one) => (one.hit ? `[${one.text}]` : one.text)).join('')

describe('marking what was searched for', () => {
  it('finds every word, whatever its case', () => {
    expect(marked('格力 KFR-35GW 空调', 'kfr 空调')).toBe('格力 [KFR]-35GW [空调]')
    expect(marked('张三', '李')).toBe('张三')
  })
  it('finds digits however the number is spaced', () => {
    expect(marked('138 0013 8000', '00138')).toBe('138 [0013 8]000')
    expect(marked('0571-8765', '57187')).toBe('0[571-87]65')
  })
  it('takes signs for themselves and leaves out what must not be there', () => {
    expect(marked('a.*b (c)', '.* (c)')).toBe('a[.*]b [(c)]')
    expect(marked('序列号 SN-7001', 'sn-7001')).toBe('序列号 [SN-7001]')
    expect(marked('<b>x</b> 不制冷', '<b> -不制冷')).toBe('[<b>]x</b> 不制冷')
  })
  it('loses no text', () => {
    expect(pieces('', 'x')).toEqual([])
    expect(pieces('冰箱🧊不制冷', '🧊').map((one) => one.text).join('')).toBe('冰箱🧊不制冷')
  })
})

describe('the lines that were found', () => {
  const nothing: SearchAnswer = { customers: [], orders: [], calls: [] }
  it('shows groups that have something, each line leading to its page', () => {
    const answer = { ...nothing, customers: [{ customer_id: 'C1', name: '赵敏', level: 'vip', phone: '13912345678', about: '杭州', why: 'pinyin' }] } as SearchAnswer
    expect(groupsOf(answer, '5678', '陌生来电')).toMatchObject([{ name: 'customers', hits: [{ to: '/customers/C1', aside: [{ text: '139 1234 ', hit: false }, { text: '5678', hit: true }], why: 'pinyin' }] }])
    expect(groupsOf(nothing, '赵', '陌生来电')).toEqual([])
  })
  it('goes round with the arrows', () => {
    expect([step(-1, 1, 3), step(2, 1, 3), step(0, -1, 3), step(-1, -1, 3), step(-1, 1, 0)]).toEqual([0, 0, 2, 2, -1])
  })
})

describe("a customer's file in words", () => {
  const t = (key: string): string => key
  it('counts both days of a contract', () => {
    const contract = { starts_on: '2026-01-01', ends_on: '2026-12-31' }
    expect(['2025-12-31', '2026-01-01', '2026-12-31', '2027-01-01'].map((day) => contractState(contract, day))).toEqual(['ahead', 'running', 'running', 'over'])
  })
  it('says when the next visit is or why there is none', () => {
    expect(planState({ active: true, next_on: '2027-01-01', stopped_because: null })).toEqual({ word: 'customer.next', date: '2027-01-01', running: true })
    expect(planState({ active: false, next_on: null, stopped_because: 'visits_used_up' })).toEqual({ word: 'customer.stopped.visits_used_up', running: false })
    expect(planState({ active: true, next_on: null, stopped_because: null })).toEqual({ word: 'customer.plan_over', running: false })
  })
  it('tells levels, phones and addresses of the history', () => {
    expect(told('level', 'business', t)).toBe('customer.levels.business')
    expect(told('phones', [{ number: '13912345678', label: '家' }], t)).toBe('139 1234 5678（家）')
    expect(told('addresses', [{ city: '杭州市', district: '西湖区', detail: '文三路1号', label: null, division_code: '330106' }], t)).toBe('杭州市西湖区文三路1号')
    expect(told('notes', null, t)).toBe('')
  })
  it('tells an appliance in words, without its keys', () => {
    const asset = { asset_id: '01J', customer_id: '01K', appliance: '冰箱', brand: '海尔', serial: 'SN-1', purchased_on: '2026-08-20', retired_on: null }
    expect(told('asset', asset, t)).toBe('海尔 冰箱，customer.serial，customer.purchased')
  })
})

describe('how many orders a customer has', () => {
  it('drafts are counted apart: they are no orders yet', () => {
    expect(draftsOf([{ status: 'draft' }, { status: 'created' }, { status: 'draft' }, { status: 'cancelled' }])).toBe(2)
    expect(draftsOf([])).toBe(0)
  })
})
