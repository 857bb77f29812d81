/** What every answer is made of: times, pages, problems. */

export type IsoTime = string

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail?: string | null
  field?: string | null
  fix?: string | null
  errors?: FieldProblem[] | null
}

export interface FieldProblem {
  field: string
  code: string
  message: string
}
