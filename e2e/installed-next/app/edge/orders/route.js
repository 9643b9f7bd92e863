export { GET } from '../../orders/route.js'

export const runtime = 'edge'
