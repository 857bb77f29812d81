/** What the wall makes of the numbers: order, alarm levels, and text that is safe to hang up in a room. */
import type { AgentState } from '@/api/types'
import { phone } from '@/format/phone'
import type { WallAgent, WallCall, WallCallState } from './types'

export type Mood = 'calm' | 'good' | 'warn' | 'bad'

/** A caller who waits longer than the service level is late; three times as long is bad. */
export function waitMood(waitedMs: number, serviceLevelS: number): Mood {
  if (waitedMs <= serviceLevelS * 1000) return 'calm'
  return waitedMs <= 3 * serviceLevelS * 1000 ? 'warn' : 'bad'
}

/** 80 % in 20 s is what call centres aim at. */
export function levelMood(share: number | null): Mood {
  if (share === null) return 'calm'
  if (share >= 0.8) return 'good'
  return share >= 0.6 ? 'warn' : 'bad'
}

/** 138 **** 8000: a wall is read by everybody in the room. */
export function masked(number: string | null): string {
  const digits = (number ?? '').replace(/[^\d+*#]/g, '')
  if (digits.length < 7) return digits
  const shown = phone(number).split(' ')
  if (shown.length === 3) return `${shown[0]} ${'*'.repeat(shown[1]?.length ?? 4)} ${shown[2]}`
  return `${digits.slice(0, 3)}${'*'.repeat(digits.length - 7)}${digits.slice(-4)}`
}

const CALL_ORDER: WallCallState[] = ['waiting', 'ringing', 'arriving', 'dialling', 'talking', 'away']

/** Who waits longest comes first, then who rings, then who talks. */
export function inOrder(calls: WallCall[]): WallCall[] {
  const rank = (call: WallCall): number => CALL_ORDER.indexOf(call.state)
  return [...calls].sort((a, b) => rank(a) - rank(b) || a.since.localeCompare(b.since))
}

/** Callers who are in a queue, ringing or not. */
export function inQueue(calls: WallCall[]): WallCall[] {
  return calls.filter((call) => call.queued_at !== null)
}

/** Since when the longest of them waits. */
export function longestSince(calls: WallCall[]): string | null {
  return calls.map((call) => call.queued_at).reduce<string | null>((oldest, at) => (oldest === null || (at !== null && at < oldest) ? at : oldest), null)
}

export const IDLE: ReadonlySet<AgentState> = new Set<AgentState>(['available'])
export const STAFFED = (agent: WallAgent): boolean => agent.state !== 'offline'
