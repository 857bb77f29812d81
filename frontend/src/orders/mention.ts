/** Completing `@name` while a comment is typed. Pure: text and caret in, text and caret out. */
import type { Person } from '@/api/types'

const MOST = 6
/** Names are letters, digits, `._-` or Chinese; an address such as a@b is no mention. */
const OPEN = /(?:^|[^\w.-])@([\p{L}\p{N}._-]*)$/u

/** What was typed after the `@` just before the caret; null when nobody is being named. */
export function openMention(text: string, caret: number): string | null {
  return OPEN.exec(text.slice(0, caret))?.[1] ?? null
}

/** Who may be meant: whose user or display name begins like that, then whose contains it. */
export function candidates(people: readonly Person[], typed: string): Person[] {
  const word = typed.toLowerCase()
  const at = (one: Person): number => {
    const found = [one.username, one.display_name].map((name) => name.toLowerCase().indexOf(word)).filter((place) => place >= 0)
    return found.length ? Math.min(...found, 1) : -1
  }
  return people.filter((one) => at(one) >= 0).sort((a, b) => at(a) - at(b)).slice(0, MOST)
}

/** The open mention becomes `@username `: a user name is one word, a display name may not be. */
export function complete(text: string, caret: number, person: Person): { text: string; caret: number } {
  const start = caret - (openMention(text, caret) ?? '').length
  const named = `${person.username} `
  return { text: text.slice(0, start) + named + text.slice(caret).replace(/^ /, ''), caret: start + named.length }
}
