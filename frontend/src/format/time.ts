/** Times and durations for people. All take the moment or length in the unit their name says. */

const two = (n: number): string => String(n).padStart(2, '0')

/** 0:07, 12:30, 1:02:03 */
export function clock(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60]
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** 14:05 today, 11-20 14:05 this year, 2025-11-20 otherwise; in the viewer's zone. */
export function when(iso: string, now: Date = new Date()): string {
  const at = new Date(iso)
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())}`
  if (at.toDateString() === now.toDateString()) return time
  return at.getFullYear() === now.getFullYear() ? `${day} ${time}` : `${at.getFullYear()}-${day}`
}

export function timeOfDay(iso: string): string {
  const at = new Date(iso)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
}

export interface WallTime {
  /** 2026-11-22, '' when absent */
  date: string
  /** 14:00, '' when absent */
  time: string
  /** +08:00, '' when the text has none */
  offset: string
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?$/

/**
 * The time on the wall where the appliance stands. An appointment carries its own offset (+08:00) and is shown as
 * written, not in the zone of whoever looks at it; only a UTC text is taken to the viewer's zone.
 */
export function wallTime(iso: string | null | undefined): WallTime {
  const match = ISO.exec(iso ?? '')
  if (!match) return { date: '', time: '', offset: '' }
  const [, date = '', time = '', offset = ''] = match
  if (time && (offset === 'Z' || offset === '+00:00')) return localWall(new Date(iso as string))
  return { date, time, offset }
}

function localWall(at: Date): WallTime {
  return {
    date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: `${two(at.getHours())}:${two(at.getMinutes())}`,
    offset: offsetOf(at),
  }
}

export function offsetOf(at: Date): string {
  const minutes = -at.getTimezoneOffset()
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

export function isoOf(wall: WallTime): string | null {
  return wall.date ? `${wall.date}T${wall.time || '00:00'}:00${wall.offset}` : null
}

/** 11-22 14:00–18:00; the second date only when it differs. */
export function span(start: string | null | undefined, end: string | null | undefined): string {
  const [from, to] = [wallTime(start), wallTime(end)]
  if (!from.date) return ''
  const head = `${from.date.slice(5)} ${from.time}`.trim()
  if (!to.date) return `${head}–`
  return from.date === to.date ? `${head}–${to.time}` : `${head}–${to.date.slice(5)} ${to.time}`
}

/** A day as agents type it: 2026-11-22, 11-22, 11/22, 11月22日, 22. Without a year the next such day from `today` on. */
export function parseDay(text: string, today: string): string | null {
  const match = /^(?:(\d{4})[-/.年])?(?:(\d{1,2})[-/.月])?(\d{1,2})日?$/.exec(text.trim())
  if (!match) return null
  const [y, m] = today.split('-').map(Number) as [number, number]
  const [, year, month, day] = match
  const at = [Number(year ?? y), Number(month ?? m), Number(day)] as const
  const found = isDay(...at)
  if (!found || year || found >= today) return found
  return month ? isDay(at[0] + 1, at[1], at[2]) : isDay(m === 12 ? at[0] + 1 : at[0], (m % 12) + 1, at[2])
}

function isDay(y: number, m: number, d: number): string | null {
  const at = new Date(Date.UTC(y, m - 1, d))
  return at.getUTCMonth() === m - 1 && at.getUTCDate() === d ? at.toISOString().slice(0, 10) : null
}

/** An hour as agents type it: 14, 14:30, 1430, 14点, 14点30. */
export function parseHour(text: string): string | null {
  const match = /^(\d{1,2})(?:[:：点时.]?([0-5]\d)?分?)$/.exec(text.trim())
  if (!match || Number(match[1]) > 23) return null
  return `${two(Number(match[1]))}:${match[2] ?? '00'}`
}

/** The day in the viewer's zone, 2026-11-21; `plus` days later. */
export function dayOf(at: Date, plus = 0): string {
  return localWall(new Date(at.getFullYear(), at.getMonth(), at.getDate() + plus, 12)).date
}

/** The next time the clock says `time` (14:30) from `now` on, with its offset. */
export function nextAt(time: string, now: Date): string | null {
  const today = localWall(now)
  const date = time < today.time ? dayOf(now, 1) : today.date
  return isoOf({ date, time, offset: offsetOf(new Date(`${date}T${time}`)) })
}
