#!/usr/bin/env bash
# CPU time per request of bench/server and of Go's net/http with the same
# answers, in one run: the server on core 0, h2load on core 1.
#
#	bash bench/compare.sh [api ...]      default: core nethttp
#
# REQUESTS sets how many requests a run has (default 300000; a tenth for
# net/http). A run whose requests do not all succeed fails.
set -euo pipefail
cd "$(dirname "$0")/.."
apis=("$@")
[ $# -gt 0 ] || apis=(core nethttp)
command -v h2load >/dev/null || { echo "compare: h2load is not installed (Debian: nghttp2-client)"; exit 1; }
bin=$(mktemp -d)
trap 'rm -rf "$bin"; kill $(jobs -p) 2>/dev/null || true' EXIT
go build -o "$bin/server" ./bench/server
ticks=$(getconf CLK_TCK)
cpu() { awk '{print $14+$15}' "/proc/$1/stat"; }
port=9310

run() { # api connections streams
  local api=$1 c=$2 m=$3 n=${REQUESTS:-300000} pid out used
  [ "$api" != nethttp ] || n=$((n / 10))
  port=$((port + 1))
  taskset -c 0 "$bin/server" -api "$api" -addr "127.0.0.1:$port" >/dev/null &
  pid=$!
  for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    read -rt 0.05 <> <(:) || true
  done
  taskset -c 1 h2load -n $((n / 10)) -c "$c" -m "$m" "http://127.0.0.1:$port/" >/dev/null
  used=$(cpu $pid)
  out=$(taskset -c 1 h2load -n "$n" -c "$c" -m "$m" "http://127.0.0.1:$port/")
  used=$(($(cpu $pid) - used))
  grep -q " $n succeeded" <<<"$out" || { echo "$out"; echo "compare: not every request succeeded"; exit 1; }
  awk -v api="$api" -v c="$c" -v m="$m" -v used="$used" -v t="$ticks" -v n="$n" \
    -v rate="$(sed -n 's/.*, \(.*\) req\/s.*/\1/p' <<<"$out")" \
    'BEGIN { printf "%-8s c%dm%-4d %8.2f us CPU/request %12.0f requests/s\n", api, c, m, used * 1e6 / t / n, rate }'
  kill $pid
  wait $pid 2>/dev/null || true
}

for shape in "1 100" "10 100" "100 1"; do
  for api in "${apis[@]}"; do run "$api" $shape; done
done
