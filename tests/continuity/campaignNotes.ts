/** The progress of a long kill campaign on disk, so that it can be stopped and resumed. */
import { cacheRoot } from "local-eks";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Course, Operation } from "./killPoints";
import type { Outcome } from "./report";

interface Noted {
    readonly course: Course;
    readonly finished: Outcome[];
}

export interface CampaignKey {
    /** Holds `dist`: another build starts another campaign. */
    readonly packageFolder: string;
    /** The executable of the Kubernetes provider: another one may write otherwise, and must be tried by itself. */
    readonly provider: string;
    readonly seed: number;
    readonly nodes: number;
    /** A campaign of few points has fewer operations, so its course is not that of a large one. */
    readonly operations: readonly Operation[];
}

export class CampaignNotes {
    private readonly file: string;
    private noted: Noted | undefined;

    public constructor({ packageFolder, provider, seed, nodes, operations }: CampaignKey) {
        const code = createHash("sha256").update(provider);
        const files = readdirSync(join(packageFolder, "dist"), { recursive: true, encoding: "utf8" }).sort();
        files
            .filter((file) => file.endsWith(".js"))
            .forEach((file) => code.update(readFileSync(join(packageFolder, "dist", file))));
        const parts = [seed, nodes, operations.length, code.digest("hex").slice(0, 12)];
        this.file = join(cacheRoot(), "continuity", `campaign-${parts.join("-")}.json`);
        try {
            this.noted = JSON.parse(readFileSync(this.file, "utf8")) as Noted;
        } catch {
            this.noted = undefined;
        }
    }

    public get course(): Course | undefined {
        return this.noted?.course;
    }

    public get finished(): readonly Outcome[] {
        return this.noted?.finished ?? [];
    }

    public begin(course: Course): void {
        this.noted ??= { course, finished: [] };
        this.write();
    }

    /** Saves only points that passed: failed points run again the next time. */
    public note(outcome: Outcome): void {
        if (outcome.kind === "point" && outcome.problems.length === 0) {
            this.noted?.finished.push(outcome);
            this.write();
        }
    }

    public forget(): void {
        rmSync(this.file, { force: true });
    }

    private write(): void {
        mkdirSync(dirname(this.file), { recursive: true });
        writeFileSync(this.file, JSON.stringify(this.noted));
    }
}
