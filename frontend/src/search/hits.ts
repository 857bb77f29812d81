/** What was found as one list for the eye and the arrow keys: groups of lines, each leading to a page. */
import type { Outcome, OrderStatus, Piece, SearchAnswer } from '@/api/types'
import { thing } from '@/format/names'
import { phone } from '@/format/phone'
import { when } from '@/format/time'

export type Group = 'customers' | 'orders' | 'calls'

export interface Hit {
  /** Unique on the page. */
  key: string
  to: string
  title: Piece[]
  /** The second line, and what stands at the end of the first. */
  sub: Piece[]
  aside: Piece[]
  why?: string
  status?: OrderStatus
  outcome?: Outcome
}

export interface HitGroup {
  name: Group
  hits: Hit[]
}

/** Groups that have something, in reading order. */
export function groupsOf(answer: SearchAnswer, q: string, stranger: string): HitGroup[] {
  const groups: HitGroup[] = [
    {
      name: 'customers',
      hits: answer.customers.map((one) => ({
        key: `customer-${one.customer_id}`,
        to: `/customers/${one.customer_id}`,
        title: pieces(one.name, q),
        sub: pieces(one.about, q),
        aside: pieces(phone(one.phone), q),
        why: one.why,
      })),
    },
    {
      name: 'orders',
      hits: answer.orders.map((one) => ({
        key: `order-${one.order_id}`,
        to: `/orders/${one.order_id}`,
        title: pieces(thing([one.brand, one.appliance, one.fault]) || (one.number ?? '—'), q),
        sub: one.snippet.some((piece) => piece.hit) ? one.snippet : pieces([one.number, one.customer_name].filter(Boolean).join(' '), q),
        aside: pieces(when(one.created_at), ''),
        status: one.status,
      })),
    },
    {
      name: 'calls',
      hits: answer.calls.map((one) => ({
        key: `call-${one.call_id}`,
        to: `/calls/${one.call_id}`,
        title: pieces(one.customer_name ?? stranger, q),
        sub: pieces(phone(one.number), q),
        aside: pieces(when(one.started_at), ''),
        outcome: one.outcome,
      })),
    },
  ]
  return groups.filter((group) => group.hits.length > 0)
}

/** `text` cut where a word of `q` stands in it, however it is spaced and whatever its case: 8000 is found in 138 0013 8000. */
export function pieces(text: string, q: string): Piece[] {
  const hit = new Array<boolean>(text.length).fill(false)
  for (const word of q.split(/[\s"]+/).filter((one) => one && !one.startsWith('-'))) {
    for (const match of text.matchAll(loosely(word))) hit.fill(true, match.index, match.index + match[0].length)
  }
  const found: Piece[] = []
  for (let at = 0; at < text.length; at += 1) {
    const last = found.at(-1)
    if (last && last.hit === hit[at]) last.text += text[at]
    else found.push({ text: text[at] as string, hit: hit[at] as boolean })
  }
  return found
}

/** Digits may be spaced; everything else stands for itself. */
function loosely(word: string): RegExp {
  const letters = [...word].map((letter) => letter.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
  return new RegExp(letters.join(/^\d+$/.test(word) ? '[\\s-]?' : ''), 'giu')
}

/** One step along `count` lines, round at the ends; -1 is the box itself. */
export function step(at: number, by: 1 | -1, count: number): number {
  if (count === 0) return -1
  if (at === -1) return by === 1 ? 0 : count - 1
  return (at + by + count) % count
}
