#!/bin/sh
# Starts the handbook, asks for every page of it, and stops it again.
set -eu
cd "$(dirname "$0")/.."

export PORT="${PORT:-18080}"
trap 'docker compose down --volumes --timeout 5' EXIT
docker compose up --build --detach --wait

for page in site/*.html; do
  name="$(basename "$page" .html)"
  curl --fail --silent --show-error --output /dev/null "http://127.0.0.1:$PORT/$name"
  echo "$name answers"
done
