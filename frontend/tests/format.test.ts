import { learnNames, named, thing } from '@/format/names'
import { i18n } from '@/i18n'
import { words } from '@/format/fields'
import { phone } from '@/format/phone'
import { clock, isoOf, nextAt, parseDay, parseHour, span, wallTime, when } from '@/format/time'
import { describe, expect, it } from 'vitest'

const key = (path: string): string => path

describe('times', () => {
  it('run as a clock', () => {
    expect([0, 7_900, 750_000, 3_723_000, -5].map(clock)).toEqual(['0:00', '0:07', '12:30', '1:02:03', '0:00'])
  })

  it('of the day are the next ones from now on', () => {
    const now = new Date(2026, 10, 21, 12, 30)
    expect(wallTime(nextAt('14:05', now)).date).toBe('2026-11-21')
    expect(wallTime(nextAt('12:29', now)).date).toBe('2026-11-22')
    expect(new Date(nextAt('12:30', now) as string)).toEqual(now)
  })

  it('name the day only when it is not today', () => {
    const now = new Date(2026, 10, 21, 12)
    expect(when(new Date(2026, 10, 21, 9, 5).toISOString(), now)).toBe('09:05')
    expect(when(new Date(2026, 10, 20, 9, 5).toISOString(), now)).toBe('11-20 09:05')
    expect(when(new Date(2025, 10, 20, 9, 5).toISOString(), now)).toBe('2025-11-20')
  })

  it('of an appointment stay as written at the place, offset and all', () => {
    const wall = wallTime('2026-11-22T14:00:00+08:00')
    expect(wall).toEqual({ date: '2026-11-22', time: '14:00', offset: '+08:00' })
    expect(isoOf(wall)).toBe('2026-11-22T14:00:00+08:00')
    expect(wallTime(null)).toEqual({ date: '', time: '', offset: '' })
  })

  it('span one day, several, or have an open end', () => {
    expect(span('2026-11-22T14:00:00+08:00', '2026-11-22T18:00:00+08:00')).toBe('11-22 14:00–18:00')
    expect(span('2026-11-22T08:00:00+08:00', '2026-11-24T18:00:00+08:00')).toBe('11-22 08:00–11-24 18:00')
    expect(span('2026-11-22T08:00:00+08:00', null)).toBe('11-22 08:00–')
  })

  it('are understood as agents type them', () => {
    const today = '2026-11-21'
    expect(['2026-12-01', '11-22', '11/22', '11月22日', '22', '5', '1-3'].map((text) => parseDay(text, today))).toEqual(
      ['2026-12-01', '2026-11-22', '2026-11-22', '2026-11-22', '2026-11-22', '2026-12-05', '2027-01-03'],
    )
    expect(['2-30', 'x', '', '13-1'].map((text) => parseDay(text, today))).toEqual([null, null, null, null])
    expect(['9', '14:30', '1430', '14点', '14点30', '24', '9:7'].map(parseHour)).toEqual(['09:00', '14:30', '14:30', '14:00', '14:30', null, null])
  })
})

describe('numbers', () => {
  it('are grouped the way people say them', () => {
    expect(['13800138000', '+8613800138000', '4008123456', '02112345678', '057187654321', '95588'].map(phone)).toEqual(
      ['138 0013 8000', '138 0013 8000', '400 812 3456', '021 1234 5678', '0571 8765 4321', '95588'],
    )
    expect(phone(null)).toBe('')
  })
})

describe('field values as words', () => {
  it('cover every shape', () => {
    expect(words('service_type', 'repair', key)).toBe('value.service_type.repair')
    expect(words('brand', '格力', key)).toBe('格力')
    expect(words('intermittent', false, key)).toBe('value.no')
    expect(words('address', { province: '浙江省', city: '杭州市', district: null, detail: '文三路1号' }, key)).toBe('浙江省杭州市文三路1号')
    expect(words('address', { province: '上海市', city: '上海市', district: null, detail: null }, key)).toBe('上海市')
    expect(words('appointment', { start: '2026-11-22T14:00:00+08:00', end: null }, key)).toBe('11-22 14:00–')
    expect(words('contact_phone', '13800138000', key)).toBe('138 0013 8000')
    expect(words('brand', null, key)).toBe('—')
    expect(words('whatever', { a: 1 }, key)).toBe('{"a":1}')
  })
})

describe('names of the catalogue', () => {
  it('are English for readers of English only, and what the catalogue does not know stays', () => {
    learnNames({ 空调: 'air conditioner', 格力: 'Gree' })
    const t = (key: string): string => key
    expect([named('空调'), thing(['格力', null, '空调'])]).toEqual(['空调', '格力 空调'])
    i18n.global.locale.value = 'en'
    expect([named('空调'), thing(['格力', null, '空调']), named('晨星'), named('constructor')]).toEqual(['air conditioner', 'Gree air conditioner', '晨星', 'constructor'])
    expect([words('appliance', '空调', t), words('description', '空调', t)]).toEqual(['air conditioner', '空调'])
    i18n.global.locale.value = 'zh-CN'
  })
})
