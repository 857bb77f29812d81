/**
 * What went wrong, in the reader's language: by the stable code (docs/reference/errors.md), not by the server's sentence,
 * which is English and written for programmers. Where only the sentence says what is meant, English readers get it.
 */
import { ApiError, OfflineError } from '@/api/http'
import type { FieldProblem } from '@/api/types'

export interface Words {
  t: (key: string, values?: Record<string, unknown>) => string
  te: (key: string) => boolean
  locale: string
}

/** Codes that many different refusals share. */
const BROAD = new Set(['invalid', 'conflict', 'not_found', 'denied', 'malformed', 'unavailable'])
/** The names that the checker of shapes gives to what our own checks call otherwise. */
const SAME: readonly [RegExp, string][] = [
  [/^missing$|^(string|too)_(too_)?short$/, 'required'],
  [/(_too_long|^too_long)$/, 'too_long'],
  [/_(type|parsing)$/, 'wrong_type'],
  [/^extra_forbidden$/, 'unknown_field'],
]

export function problemText(error: unknown, words: Words): string {
  if (error instanceof OfflineError) return words.t('error.offline')
  if (!(error instanceof ApiError)) return words.t('error.title')
  const english = words.locale === 'en'
  if (english && BROAD.has(error.code)) return error.message
  return words.te(`error.code.${error.code}`) ? words.t(`error.code.${error.code}`) : english ? error.message : words.t('error.unknown', { code: error.code })
}

/** Why one field was refused. */
export function fieldProblemText(problem: Pick<FieldProblem, 'code' | 'message'>, words: Words): string {
  const code = SAME.find(([pattern]) => pattern.test(problem.code))?.[1] ?? problem.code
  // Which numbers or words are allowed stands in the sentence alone.
  if (words.locale === 'en' && code === 'not_allowed') return problem.message
  return words.te(`error.field.${code}`) ? words.t(`error.field.${code}`) : words.locale === 'en' ? problem.message : words.t('error.field.not_allowed')
}
