import { appendFileSync } from "node:fs";

import type { IamState } from "./state";

/** A change of IAM: one line of iam-changes.jsonl. Times are milliseconds since the epoch. */
export interface IamChange {
    readonly action: string;
    readonly parameters: Readonly<Record<string, string>>;
    readonly changedAt: number;
    readonly visibleAt: number;
    /** From this time on, authorisation uses `state`. */
    readonly enforcedAt: number;
    readonly state: IamState;
}

export interface Delays {
    readonly enforcementSeconds: number;
    readonly visibilitySeconds: number;
}

/**
 * IAM answers a write before the change is enforced everywhere
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency). The
 * time of enforcement is fixed when the change is made, so that the log stays correct when the delays change later.
 * Changes are enforced in the order of the writes.
 */
export class Timeline {
    private readonly changes: [IamChange, ...IamChange[]];

    constructor(
        initial: IamState,
        private readonly logFile: string,
        private readonly now: () => number = Date.now,
    ) {
        const time = this.now();
        const start = {
            action: "",
            parameters: {},
            changedAt: time,
            visibleAt: time,
            enforcedAt: time,
            state: initial,
        };
        this.changes = [start];
        this.log(start);
    }

    record(action: string, parameters: Readonly<Record<string, string>>, state: IamState, delays: Delays): IamChange {
        const changedAt = this.now();
        const previous = this.changes.at(-1) ?? this.changes[0];
        const change = {
            action,
            parameters,
            changedAt,
            visibleAt: changedAt + delays.visibilitySeconds * 1000,
            enforcedAt: Math.max(previous.enforcedAt, changedAt + delays.enforcementSeconds * 1000),
            state,
        };
        this.changes.push(change);
        this.log(change);
        return change;
    }

    /** The state after the latest write, enforced or not. It decides whether the next write is refused. */
    get written(): IamState {
        return (this.changes.at(-1) ?? this.changes[0]).state;
    }

    /** The state that is enforced now. It decides what callers may do. */
    get enforced(): IamState {
        return this.stateBy(({ enforcedAt }) => enforcedAt);
    }

    /** The state that reads show now. */
    get visible(): IamState {
        return this.stateBy(({ visibleAt }) => visibleAt);
    }

    private stateBy(time: (change: IamChange) => number): IamState {
        const now = this.now();
        const isOver = ({ enforcedAt, visibleAt }: IamChange) => enforcedAt <= now && visibleAt <= now;
        for (let next = this.changes[1]; next && isOver(next); next = this.changes[1]) {
            this.changes.shift();
        }
        return (this.changes.filter((change) => time(change) <= now).at(-1) ?? this.changes[0]).state;
    }

    /** Enforces the latest write now, regardless of its delay. The log gets a line without an action. */
    settle(): void {
        const now = this.now();
        const last = this.changes.at(-1) ?? this.changes[0];
        const settled = { ...last, action: "", parameters: {}, changedAt: now, visibleAt: now, enforcedAt: now };
        this.changes.splice(0, this.changes.length, settled);
        this.log(settled);
    }

    private log(change: IamChange): void {
        appendFileSync(this.logFile, `${JSON.stringify(change)}\n`);
    }
}
