import * as assert from "assert";

/**
 * What a program is told that gives `roleName` "no spaces" and `maxSessionDuration` 60: both under the title, which stands there
 * once, and each with the way to fix it. Gives the diagnostics.
 */
export function assertTwoBadArguments(failure: string, title: string): string {
    const [, diagnostics = ""] = failure.split("Diagnostics:");
    const [shown = ""] = diagnostics.split("Resources:");
    assert.strictEqual(shown.split(title).length - 1, 1, shown);
    assert.match(shown, /^ +roleName: expected 1 to 64 letters.*, got "no spaces"; change the name/m);
    assert.match(shown, /^ +maxSessionDuration: expected a whole number of seconds.*, got 60; choose 1 to 12 hours/m);
    return shown;
}
