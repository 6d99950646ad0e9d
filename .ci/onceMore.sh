# The second attempt. Sourced by run.
# shellcheck shell=bash disable=SC2154
#
# The gate runs three lanes on two cores, so a test may miss a time limit. Failed test files run once more, alone, to tell an
# unstable test from a broken one. A test that passes only then is printed as unstable, and fails the gate all the same: the
# race may be in the package.

# Prints the arguments that run only the failed part of a suite, one a line. Fails if the failed part is unknown.
arguments_once_more() {
    local script=$1 log=$2
    case ${script%@*} in
    demo) ;;
    test:continuity) grep -q '^ *again: ' "$log" && echo --quick && sed -nE 's/^ +again: .* --only ([^ ]+)$/--only=\1/p' "$log" ;;
    *) [ -s "$log.files" ] && ! grep -qx '?' "$log.files" && sort -u "$log.files" ;;
    esac
}

# More failures than these are not a coincidence. The time limit keeps the whole gate within 90 minutes.
worth_a_second_attempt() {
    local script=$1 failed=$2
    [ "$script" != - ] && [ "$failed" -gt 0 ] && [ "$failed" -le 12 ] && [ "$SECONDS" -lt 4200 ]
}

once_more() {
    local bad log script title arguments
    while read -r _ _ bad log script title; do
        if worth_a_second_attempt "$script" "$bad" && arguments=$(arguments_once_more "$script" "$log"); then
            mapfile -t arguments < <(printf '%s' "$arguments")
            if results=/dev/null suite "$title, once more" "$script" "${arguments[@]}"; then
                printf '%s %s %s\n' "$bad" "$log" "$title" >>"$unstable"
            fi
        fi
    done < <(cat "$results")
}

print_unstable() {
    local bad log title
    [ ! -s "$unstable" ] || while read -r bad log title; do
        printf '\n━━ UNSTABLE: %s: %d failed, and passed when run once more, alone\n' "$title" "$bad"
        failed_tests "$log" 40
    done <"$unstable"
}
