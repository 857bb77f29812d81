/** Users: who is logged in, and whom one can hand things to. */

export type Role = 'agent' | 'supervisor' | 'admin'

export interface User {
  user_id: string
  username: string
  display_name: string
  roles: Role[]
  permissions: string[]
  interface: string | null
}

export interface Session {
  user: User
  csrf_token: string
}

export interface Person {
  user_id: string
  username: string
  display_name: string
  roles: string[]
}
