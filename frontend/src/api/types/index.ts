/** The shapes of docs/reference/api.md, written by hand: what the server sends and takes. */

export * from '@/api/types/wire'
export * from '@/api/types/people'
export * from '@/api/types/customers'
export * from '@/api/types/assets'
export * from '@/api/types/search'
export * from '@/api/types/fields'
export * from '@/api/types/orders'
export * from '@/api/types/casework'
export * from '@/api/types/forms'
export * from '@/api/types/messages'
export * from '@/api/types/calls'
export * from '@/api/types/socket'
