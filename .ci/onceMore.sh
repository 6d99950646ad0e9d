# The second attempt. Sourced by run.
# shellcheck shell=bash disable=SC2154
#
# The gate has a machine of two cores do two things at a time, where a test may miss a bound of time. What failed is tried once
# more, alone. What passes then counts, and is printed at the end as unstable, with its first failure: it may be a race of ours.

# What of a suite failed, as arguments that run just that, a line each. Fails where that is not known.
arguments_once_more() {
    local script=$1 log=$2
    case $script in
    demo) ;;
    test:continuity) grep -q '^ *again: ' "$log" && echo --quick && sed -nE 's/^ +again: .* --only ([^ ]+)$/--only=\1/p' "$log" ;;
    *) [ -s "$log.files" ] && ! grep -qx '?' "$log.files" && sort -u "$log.files" ;;
    esac
}

# More failures than these are no chance, and the gate as a whole has 90 minutes.
worth_a_second_attempt() {
    local script=$1 failed=$2
    [ "$script" != - ] && [ "$failed" -gt 0 ] && [ "$failed" -le 12 ] && [ "$SECONDS" -lt 4200 ]
}

once_more() {
    local first="$results.first" seconds ok bad log script title arguments
    mv "$results" "$first"
    while read -r seconds ok bad log script title; do
        if worth_a_second_attempt "$script" "$bad" && arguments=$(arguments_once_more "$script" "$log"); then
            mapfile -t arguments < <(printf '%s' "$arguments")
            if results=/dev/null suite "$title, once more" "$script" "${arguments[@]}"; then
                printf '%s %s %s\n' "$bad" "$log" "$title" >>"$unstable"
                ok=$((ok + bad)) bad=0
            fi
        fi
        printf '%d %d %d %s %s %s\n' "$seconds" "$ok" "$bad" "$log" "$script" "$title" >>"$results"
    done <"$first"
}

what_was_unstable() {
    local bad log title
    [ ! -s "$unstable" ] || while read -r bad log title; do
        printf '\n━━ UNSTABLE: %s: %d failed, and passed when tried once more, alone\n' "$title" "$bad"
        failed_tests "$log" 40
    done <"$unstable"
}
