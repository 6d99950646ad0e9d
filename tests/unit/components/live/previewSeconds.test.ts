import * as assert from "assert";
import { previewSeconds } from "../../../../components/live/previewPlan";

describe("How long a preview looks at the cluster", () => {
    const rows: [string, string | undefined, number][] = [
        ["is fifteen seconds where nothing is said", undefined, 15],
        ["is fifteen seconds where nothing is in the setting", " ", 15],
        ["is what the setting says", "120", 120],
        ["is not at all by 0", "0", 0],
        ["is fifteen seconds by what is no number", "soon", 15],
        ["is fifteen seconds by less than nothing", "-1", 15],
    ];
    for (const [what, setting, seconds] of rows) {
        it(what, () => {
            assert.strictEqual(previewSeconds(setting), seconds);
        });
    }
});
