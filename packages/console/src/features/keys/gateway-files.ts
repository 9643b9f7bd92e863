import apisix from '../../../../../docs/use/gateways/apisix.yaml?raw'
import caddy from '../../../../../docs/use/gateways/Caddyfile?raw'
import envoy from '../../../../../docs/use/gateways/envoy.yaml?raw'
import haproxy from '../../../../../docs/use/gateways/haproxy.cfg?raw'
import lua from '../../../../../docs/use/gateways/latchkey.lua?raw'
import nginx from '../../../../../docs/use/gateways/nginx.conf?raw'
import traefik from '../../../../../docs/use/gateways/traefik.yaml?raw'

/** The very files that the tests run: a shorter one would leave out what keeps a client from lying. */
export const GATEWAY_FILES: Readonly<Record<string, string>> = {
  'nginx.conf': nginx,
  Caddyfile: caddy,
  'haproxy.cfg': haproxy,
  'latchkey.lua (for HAProxy)': lua,
  'traefik.yaml': traefik,
  'envoy.yaml': envoy,
  'apisix.yaml': apisix,
}
