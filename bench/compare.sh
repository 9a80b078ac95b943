#!/usr/bin/env bash
# CPU time per request of bench/server and of Go's net/http with the same
# answers, in one run: the server on core 0, h2load on core 1.
#
#	bash bench/compare.sh [api ...]      default: core nethttp
#
# REQUESTS sets how many requests a run has (default 300000; a tenth for
# net/http). A run whose requests do not all succeed fails. ROUNDS (default 1)
# has the interfaces take turns that often, and the median of each is shown,
# with its lowest and highest: on a machine that others use, too, one round
# says little.
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
  awk -v used="$used" -v t="$ticks" -v n="$n" -v rate="$(sed -n 's/.*, \(.*\) req\/s.*/\1/p' <<<"$out")" \
    'BEGIN { printf "%.4f %.0f\n", used * 1e6 / t / n, rate }' >>"$bin/$api"
  kill $pid
  wait $pid 2>/dev/null || true
}

median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)], a[1], a[NR] }'; }

show() { # api connections streams
  local cost rate
  cost=$(cut -d' ' -f1 "$bin/$1" | median)
  rate=$(cut -d' ' -f2 "$bin/$1" | median)
  awk -v api="$1" -v c="$2" -v m="$3" -v cost="$cost" -v rate="$rate" 'BEGIN {
    split(cost, us); split(rate, r)
    printf "%-8s c%dm%-4d %8.2f us CPU/request %12.0f requests/s", api, c, m, us[1], r[1]
    if (us[2] != us[3]) printf "   (%.2f to %.2f us)", us[2], us[3]
    print ""
  }'
  rm "$bin/$1"
}

for shape in "1 100" "10 100" "100 1"; do
  for _ in $(seq "${ROUNDS:-1}"); do
    for api in "${apis[@]}"; do run "$api" $shape; done
  done
  for api in "${apis[@]}"; do show "$api" $shape; done
done
