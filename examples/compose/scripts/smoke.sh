#!/bin/sh
# Starts the handbook, asks for every page that the first one names, and stops it again.
set -eu
cd "$(dirname "$0")/.."

export PORT="${PORT:-18080}"
trap 'docker compose down --volumes --timeout 5' EXIT
docker compose up --build --detach --wait

address="http://127.0.0.1:$PORT"
curl --fail --silent --show-error "$address/health"
pages="$(curl --fail --silent --show-error "$address/" | sed -n 's/.*href="\([^"]*\)".*/\1/p')"
test -n "$pages"
for page in $pages; do
  curl --fail --silent --show-error --output /dev/null "$address$page"
  echo "$page answers"
done
