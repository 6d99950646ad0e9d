import * as assert from "assert";

/**
 * Checks the failure of a program with `roleName` "no spaces" and `maxSessionDuration` 60: the title once, and below it both
 * arguments, each with its fix. Returns the diagnostics.
 */
export function assertTwoBadArguments(failure: string, title: string): string {
    const [, diagnostics = ""] = failure.split("Diagnostics:");
    const [shown = ""] = diagnostics.split("Resources:");
    assert.strictEqual(shown.split(title).length - 1, 1, shown);
    assert.match(shown, /^ +roleName: expected 1 to 64 letters.*, got "no spaces"; change the name/m);
    assert.match(shown, /^ +maxSessionDuration: expected a whole number of seconds.*, got 60; choose 1 to 12 hours/m);
    return shown;
}
