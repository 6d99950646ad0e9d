import type { AddOnIssue, AddOnIssueCode } from "./addOn";
import type { AddOnWrite } from "./behavior";
import type { ResolveConflicts } from "./requests";

/** The content of an add-on in the cluster. */
export interface Installation {
    readonly version: string;
    readonly roleArn?: string | undefined;
    /** Environment variables of aws-node, from the configuration values. */
    readonly env: Readonly<Record<string, string>>;
    /** The time of the last restart of its pods. */
    readonly restartedAt?: string | undefined;
}

/** How an installation is written. */
export interface Writing {
    readonly write: AddOnWrite;
    readonly conflicts: ResolveConflicts;
    /** Whether the add-on had a role before, and has none now. */
    readonly removesRole: boolean;
}

/** The cluster's side of an add-on. */
export interface AddOnInstaller {
    /** Throws an `InstallationError`. */
    write(installation: Installation, how: Writing): Promise<void>;
    /** Deletes the objects of the add-on. */
    remove(): Promise<void>;
}

/** The reason why EKS could not write an add-on to the cluster, as the health of the add-on shows it. */
export class InstallationError extends Error {
    constructor(
        readonly code: AddOnIssueCode,
        message: string,
    ) {
        super(message);
        this.name = code;
    }

    get issue(): AddOnIssue {
        return { code: this.code, message: this.message };
    }
}

/** Any other error is a fault of this stand-in, which the add-on's health shows. */
export function issueOf(error: unknown): AddOnIssue {
    return error instanceof InstallationError
        ? error.issue
        : { code: "InternalFailure", message: error instanceof Error ? error.message : String(error) };
}
