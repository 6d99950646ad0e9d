# The gate's time limit. Sourced by run.
# shellcheck shell=bash disable=SC2154
#
# A suite that hangs must not keep the gate from its summary, which names that suite. So the suites that still run at the limit are
# killed, with every process that they have started, and count as failed. Each has FAILED_FILES in its environment.

time_limit=5100

kill_suites_at_the_limit() {
    local environment
    sleep "$((SECONDS < time_limit ? time_limit - SECONDS : 0))"
    touch "$logs/over"
    while true; do
        for environment in $(grep -lzs "^FAILED_FILES=$logs/" /proc/[0-9]*/environ); do
            kill -KILL "$(basename "$(dirname "$environment")")" 2>/dev/null
        done
        sleep 1
    done
}

say_if_over_the_limit() {
    [ ! -e "$logs/over" ] || printf '\nStopped: the gate has run for %d s.\n' "$time_limit"
}
