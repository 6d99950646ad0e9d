import { canonicalJson, isRecord, list, member, texts } from "../../documents/json";
import { lostGrants } from "../../documents/lostGrants";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { leavingIssuer } from "./leavingIssuer";

/** The inputs of a role or of its IPv6 policy that can take something away. A preview may not know them. */
export type NarrowingInputs = Readonly<Partial<Record<"assumeRolePolicy" | "permissionsBoundary" | "policy", unknown>>>;

/** An update in place of the role or of its IPv6 policy that the engine is about to make. */
export interface UpdateInPlace {
    readonly arn: string;
    readonly before: NarrowingInputs;
    readonly after: NarrowingInputs;
    /** The ARN of the cluster's own OIDC provider, if it is known. */
    readonly ownProvider: string | undefined;
    /** The namespace of the service account. */
    readonly namespace: string;
    /** Whether the program names the role, so that no other role can be created under its name. */
    readonly fixedName: boolean;
}

/** The warnings to show, and the refusal if the update must not be made. */
export interface CheckedUpdate {
    readonly warnings: readonly string[];
    readonly refusal?: Refusal;
}

/** Whether the update could take something away from a pod. It compares documents, and looks at no pod. */
export function checkUpdate(update: UpdateInPlace): CheckedUpdate {
    const { arn, before, after, namespace } = update;
    const { changes, leaving } = changesOfTrust(update);
    const all = [...changesOfBoundary(before, after), ...changes, ...changesOfPolicy(before, after)];
    return all.length > 0
        ? { warnings: [], refusal: refusals.roleNarrowed(arn, all) }
        : { warnings: leaving.map((provider) => leavingIssuer(arn, provider, namespace)) };
}

/** A boundary that is removed takes nothing away. The ARN may be a secret, so it is not shown. */
function changesOfBoundary(before: NarrowingInputs, { permissionsBoundary }: NarrowingInputs): string[] {
    const bounds = typeof permissionsBoundary === "string" && permissionsBoundary !== "";
    return bounds && permissionsBoundary !== before.permissionsBoundary ? ["it gets another permissions boundary"] : [];
}

function changesOfPolicy(before: NarrowingInputs, after: NarrowingInputs): string[] {
    const [old, now] = [parsed(before.policy), parsed(after.policy)];
    const lost = old === undefined || now === undefined ? [] : lostGrants(old, now);
    return lost.length === 0 ? [] : [`it no longer grants ${lost.join(", ")}`];
}

/**
 * The changes of the trust policy that could cut off pods, and the OIDC providers of other clusters that leave it.
 *
 * A role of one cluster with a generated name is replaced if an argument of the program would narrow its trust policy
 * (components/role/replacementTriggers.ts). In place, an update restores the policy after another party has changed it.
 */
function changesOfTrust({ before, after, ownProvider = "", fixedName }: UpdateInPlace) {
    const documents = [before, after].map(({ assumeRolePolicy }) => parsed(assumeRolePolicy));
    const [old = [], now = []] = documents.includes(undefined) ? [] : documents.map(statementsOf);
    const [trusted, stay] = [new Set(old.flatMap(providersOf)), new Set(now.flatMap(providersOf))];
    if (!fixedName && trusted.size < 2 && stay.size < 2) {
        return { changes: [], leaving: [] };
    }
    const gone = missingIn(now, old).filter((statement) => member(statement, "Effect") === "Allow");
    const denied = missingIn(old, now).filter((statement) => member(statement, "Effect") !== "Allow");
    const leaves = (statement: unknown) =>
        trusted.has(ownProvider) &&
        Object.keys(member(statement, "Principal") ?? {}).join() === "Federated" &&
        providersOf(statement).every((provider) => provider !== ownProvider && !stay.has(provider));
    return {
        changes: [
            ...gone
                .filter((statement) => !leaves(statement))
                .map((one) => `its trust policy loses ${canonicalJson(one)}`),
            ...denied.map((one) => `its trust policy gets ${canonicalJson(one)}`),
        ],
        leaving: [...new Set(gone.filter(leaves).flatMap(providersOf))],
    };
}

function missingIn(others: readonly unknown[], statements: readonly unknown[]): unknown[] {
    const kept = new Set(others.map(canonicalJson));
    return statements.filter((statement) => !kept.has(canonicalJson(statement)));
}

function statementsOf(document: unknown): unknown[] {
    return list(member(document, "Statement")).filter(isRecord);
}

function providersOf(statement: unknown): string[] {
    return texts(member(member(statement, "Principal"), "Federated"));
}

/** Undefined if it is not known yet, or is no JSON, which IAM would refuse. */
function parsed(document: unknown): unknown {
    try {
        return typeof document === "string" ? (JSON.parse(document) as unknown) : undefined;
    } catch {
        return undefined;
    }
}
