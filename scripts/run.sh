#!/usr/bin/env bash
# run.sh BINARY - the platform with demo data, and beside it a payment provider, so that a card
# can be used. Both go on from their folders, panglot-data/ and panglot-provider/. Ctrl-C ends
# both, and so does the end of the platform.
set -euo pipefail

binary=$1
bank=127.0.0.1:${PANGLOT_PROVIDER_PORT:-9090}
hooks=http://${PANGLOT_HTTP:-127.0.0.1:8080}/api/v1/payments/provider-webhooks

"$binary" provider --http "$bank" --data panglot-provider --webhook "$hooks" &
provider=$!
platform=
stop() { kill "$provider" $platform 2>/dev/null || true; }
trap stop INT TERM
trap 'stop; wait' EXIT

for _ in $(seq 100); do # its keys are there before it listens
    kill -0 "$provider" 2>/dev/null || exit 1 # it has said why
    ! curl -s -o /dev/null "http://$bank/" || break
    sleep 0.1
done

"$binary" serve --demo --data panglot-data --provider "http://$bank" \
    --provider-key panglot-provider/provider.key \
    --provider-webhook-secret panglot-provider/webhook.secret &
platform=$!
code=0
wait "$platform" || code=$?
if kill -0 "$platform" 2>/dev/null; then # a signal came in between, and was passed on
    code=0
    wait "$platform" || code=$?
fi
exit "$code"
