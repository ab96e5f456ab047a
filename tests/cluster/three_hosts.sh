#!/usr/bin/env bash
# Trains on three hosts, of which one is cut off in the middle of an epoch: bash three_hosts.sh
#
# The hosts are network namespaces on a bridge in a fourth, where the scheduler and the client are;
# scheduler and workers are the commands `dask scheduler` and `dask worker`. Parameters and history
# have to be, to the bit, those of ffnn.train in one process. Needs root, iproute2 and, in the
# environment that is active (or .venv), ffnn[dask].

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bin=${VIRTUAL_ENV:-$PWD/.venv}/bin
hub=ffnn-hub-$$
running=()

clean_up() {
    for pid in "${running[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${running[@]}"; do wait "$pid" 2>/dev/null || true; done
    for host in "$hub" "$hub"-{1,2,3}; do ip netns del "$host" 2>/dev/null || true; done
    rm -rf "$work"
}
work=$(mktemp -d)
trap clean_up EXIT

ip netns add "$hub"
ip -n "$hub" link add bridge type bridge
ip -n "$hub" addr add 10.77.0.1/24 dev bridge
ip -n "$hub" link set bridge up
ip -n "$hub" link set lo up
for i in 1 2 3; do
    ip netns add "$hub-$i"
    ip -n "$hub" link add "port$i" type veth peer name eth0 netns "$hub-$i"
    ip -n "$hub" link set "port$i" master bridge up
    ip -n "$hub-$i" addr add "10.77.0.1$i/24" dev eth0
    ip -n "$hub-$i" link set eth0 up
    ip -n "$hub-$i" link set lo up
done

# A host that is cut off says nothing: it is given up after so long.
export DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL=10s DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT=5s
export DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP=15s

ip netns exec "$hub" "$bin/dask" scheduler --host 10.77.0.1 --port 8786 --no-dashboard \
    >"$work/scheduler" 2>&1 &
running+=($!)
for i in 1 2 3; do
    ip netns exec "$hub-$i" "$bin/dask" worker tcp://10.77.0.1:8786 --host "10.77.0.1$i" \
        --nthreads 1 --no-nanny --no-dashboard --local-directory "$work" >"$work/worker$i" 2>&1 &
    running+=($!)
done

ip netns exec "$hub" "$bin/python" tests/cluster/three_hosts.py "$hub" || {
    tail -n 5 "$work"/{scheduler,worker?}
    exit 1
}
