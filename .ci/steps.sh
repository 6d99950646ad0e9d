# Steps, their results in "$results", and the summary at the end. Sourced by run.
# shellcheck shell=bash disable=SC2154

# Runs a command as one step, and writes its result as a line: seconds, passed, failed, log, script (`-` if the step is not run
# once more), title. A step that runs mocha counts mocha's tests, any other step counts as one.
step() {
    local title=$1 log started=$SECONDS status=0 ok bad
    log=$(mktemp -p "$logs")
    shift
    printf '\n━━ %s: %s\n' "$title" "$*" | sed -u "s/^/$margin/"
    FAILED_FILES="$log.files" "$@" 2>&1 | tee "$log" | sed -u "s/^/$margin/" || status=$?
    ok=$(sed -nE 's/^ +([0-9]+) passing .*/\1/p' "$log" | tail -n 1)
    bad=$(sed -nE 's/^ +([0-9]+) failing$/\1/p' "$log" | tail -n 1)
    if [ "$status" -eq 0 ]; then
        ok=${ok:-1} bad=0
    else
        say_if_over_the_limit >>"$log"
        ok=${ok:-0} bad=${bad:-1}
    fi
    printf '%d %d %d %s %s %s\n' "$((SECONDS - started))" "$ok" "$bad" "$log" "${script:--}" "$title" >>"$results"
    return "$status"
}

# A step that is a script of package.json, and can run once more: see onceMore.sh. `test:e2e@4.29` runs with that Kubernetes
# provider: sandbox/README.md, "Two Kubernetes providers".
suite() {
    local title=$1 script=$2 name=${2%@*}
    shift 2
    [ "$name" = "$script" ] || local -x EKS_CNI_KUBERNETES_PROVIDER=${script#*@}
    case $name in
    demo | test:continuity | test:simulate) step "$title" npm run --silent "$name" -- "$@" ;;
    *) step "$title" npm run --silent "$name" -- --reporter .ci/failedFiles.cjs "$@" ;;
    esac
}

# Prints the failed tests of a step as mocha lists them at its end (the continuity run: before its last lines), or the last lines
# of a step without a list.
failed_tests() {
    local log=$1 lines=$2
    if grep -q '^ *again: ' "$log"; then
        sed -n '/^  1) /,$p' "$log" | head -n "$lines"
    elif grep -qE '^ +[0-9]+ failing$' "$log"; then
        sed -nE '/^ +[0-9]+ failing$/,$p' "$log" | head -n "$lines"
    else
        tail -n "$((lines < 40 ? lines : 40))" "$log"
    fi
}

# Repeats all failed steps at the end, in about 150 lines, so that readers find them there.
print_failed() {
    local steps log title
    steps=$(awk '$3 > 0' "$results" | wc -l)
    awk '$3 > 0' "$results" | while read -r _ _ _ log _ title; do
        printf '\n━━ FAILED: %s\n' "$title"
        failed_tests "$log" $((150 / steps))
    done
}

finish() {
    local passed failed
    passed=$(awk '{ sum += $2 } END { print sum + 0 }' "$results")
    failed=$(awk '{ sum += $3 } END { print sum + 0 }' "$results")
    print_unstable
    print_failed
    printf '\n'
    awk '{ printf "%5d s  %s ", $1, $3 ? "FAILED" : "passed"; for (i = 6; i <= NF; i++) printf " %s", $i; print "" }' "$results"
    # What users get today, and no suite runs.
    awk '/ fresh install$/ { print $4 }' "$results" | xargs -r tail -n 1 | sed 's/^/\n/'
    # If it is missing, sandboxes use the stand-in: sandbox/identityWebhook/README.md.
    command -v pod-identity-webhook >/dev/null || printf "\nnot run: AWS's webhook\n"
    printf '\nLeft out: all scenarios on 12 nodes and the kill campaign (tests/continuity/README.md), npm run test:scale,\n'
    printf 'npm run test:mutation (tests/mutation/README.md), npm run test:compatibility (docs/compatibility.md).\n'
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ]
    exit
}
