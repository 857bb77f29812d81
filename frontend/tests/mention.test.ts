import type { Person } from '@/api/types'
import { candidates, complete, openMention } from '@/orders/mention'
import { describe, expect, it } from 'vitest'

const person = (username: string, display_name: string): Person => ({ user_id: username, username, display_name, roles: [] }) as unknown as Person
const PEOPLE = [person('wang.li', '王丽'), person('li.na', '李娜'), person('alice', 'Alice')]

describe('naming a colleague', () => {
  it('knows when somebody is being named', () => {
    expect(openMention('请 @li', 5)).toBe('li')
    expect(openMention('请@王', 3)).toBe('王')
    expect(openMention('@', 1)).toBe('')
    expect(openMention('mail a@b', 8)).toBeNull()
    expect(openMention('@li 好', 5)).toBeNull()
  })
  it('offers beginnings first, by either name', () => {
    expect(candidates(PEOPLE, 'li').map((one) => one.username)).toEqual(['li.na', 'wang.li', 'alice'])
    expect(candidates(PEOPLE, '王').map((one) => one.username)).toEqual(['wang.li'])
    expect(candidates(PEOPLE, 'zz')).toEqual([])
  })
  it('keeps what stands before and after', () => {
    expect(complete('请 @li 看看', 5, PEOPLE[1] as Person)).toEqual({ text: '请 @li.na 看看', caret: 9 })
  })
})
