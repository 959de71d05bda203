#!/bin/bash
# Postino on 127.0.0.1:$PORT, everything relayed to 127.0.0.1:$SINK_PORT. usage: PORT=2525 SINK_PORT=2600 MODE=e2e|hold RUN_DIR=dir [DKIM=1] [CONNECTIONS=20] test/bench/peers/postino.sh
# MODE=hold takes and queues only. DKIM=1 signs with RSA-2048 and Ed25519.
set -e
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
D=${RUN_DIR:?}
cat > "$D/postino.yaml" <<C
hostname: relay.example.org
data: $D/data
smtp:
  listeners: [{ port: ${PORT:?}, tls: starttls, host: 127.0.0.1 }]
  maxConnectionsPerIp: 500
http: { port: 0 }
tracking: { port: 0 }
log: { level: ${LOG_LEVEL:-warn} }
delivery:
  routes: [{ domain: "*", host: 127.0.0.1, port: ${SINK_PORT:?}, tls: none, connections: ${CONNECTIONS:-20} }]
transports: [{ name: bench, address: 127.0.0.1 }]
users: [{ name: bench, networks: [127.0.0.0/8], domains: [example.org] }]
C
[ -n "$DKIM" ] && echo 'domains: [{ name: example.org }]' >> "$D/postino.yaml"
ROLES=()
[ "${MODE:-e2e}" = hold ] && ROLES=(--role submission)
PATH="$ROOT/node_modules/.bin:$PATH"
exec node --max-semi-space-size=32 --max-old-space-size=800 ${PROF:+--cpu-prof --cpu-prof-dir="$D/prof"} "$ROOT/src/main.ts" start --config "$D/postino.yaml" "${ROLES[@]}"
