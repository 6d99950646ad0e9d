import { deepStrictEqual } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CampaignNotes } from "../../continuity/campaignNotes";
import { type Course, operationsOf } from "../../continuity/killPoints";
import type { Outcome } from "../../continuity/report";

const course: Course = { up: { writes: ["patch"], milliseconds: 5 } };
const outcome = (name: string, ...problems: string[]): Outcome => ({
    kind: "point",
    name,
    title: name,
    milliseconds: 1,
    verdict: undefined,
    problems,
    replay: "",
    logs: "",
    mustShowGaps: false,
});

describe("The notes of a kill campaign", () => {
    const former = process.env["EKS_CNI_CACHE"];
    let folder: string;

    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "eks-cni-notes-"));
        process.env["EKS_CNI_CACHE"] = join(folder, "cache");
        mkdirSync(join(folder, "dist"));
        writeFileSync(join(folder, "dist", "index.js"), "1");
    });

    afterEach(() => {
        if (former === undefined) {
            delete process.env["EKS_CNI_CACHE"];
        } else {
            process.env["EKS_CNI_CACHE"] = former;
        }
        rmSync(folder, { recursive: true, force: true });
    });

    const notes = (points = 150, seed = 1, nodes = 3, provider = "4.25") =>
        new CampaignNotes({ packageFolder: folder, provider, seed, nodes, operations: operationsOf(points) });

    function begun(): CampaignNotes {
        const first = notes();
        first.begin(course);
        first.note(outcome("kill:up:before-1:up"));
        first.note(outcome("kill:up:before-2:up", "a gap"));
        first.note({ ...outcome("churn"), kind: "scenario" });
        return first;
    }

    it("resume it after the points that passed", () => {
        begun();
        deepStrictEqual(notes().course, course);
        deepStrictEqual(
            notes().finished.map(({ name }) => name),
            ["kill:up:before-1:up"],
        );
    });

    it("keep what a resumed campaign adds", () => {
        begun();
        const second = notes();
        second.begin({});
        second.note(outcome("kill:up:before-3:up"));
        deepStrictEqual(notes().course, course);
        deepStrictEqual(
            notes().finished.map(({ name }) => name),
            ["kill:up:before-1:up", "kill:up:before-3:up"],
        );
    });

    const others: [string, () => CampaignNotes][] = [
        ["fewer operations", () => notes(10)],
        ["another seed", () => notes(150, 2)],
        ["another number of nodes", () => notes(150, 1, 12)],
        ["another Kubernetes provider", () => notes(150, 1, 3, "4.29")],
        [
            "another build",
            () => {
                writeFileSync(join(folder, "dist", "index.js"), "2");
                return notes();
            },
        ],
    ];
    for (const [what, other] of others) {
        it(`are none of a campaign with ${what}`, () => {
            begun();
            deepStrictEqual([other().course, other().finished], [undefined, []]);
        });
    }

    it("are gone once it has passed", () => {
        begun().forget();
        deepStrictEqual(notes().course, undefined);
    });
});
