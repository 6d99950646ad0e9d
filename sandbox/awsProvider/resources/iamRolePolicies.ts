import type { IAM } from "@aws-sdk/client-iam";
import { explain, hasCode, ifFound } from "../aws/errors";
import { retryWhen } from "../aws/retry";
import { equivalentPolicies, normalizeJson } from "../bridge/policyDocument";
import { asMaps, asString, asStrings, Value, ValueMap } from "../bridge/values";
import { Context } from "./resourceType";

/** Policies that the properties of a role manage: terraform-provider-aws internal/service/iam/role.go. */

export async function listAttachedPolicies(iam: IAM, role: string): Promise<string[]> {
    const arns: string[] = [];
    let marker: string | undefined;
    do {
        const page = await ifFound(iam.listAttachedRolePolicies({ RoleName: role, Marker: marker }));
        arns.push(...(page?.AttachedPolicies ?? []).flatMap((attached) => attached.PolicyArn ?? []));
        marker = page?.Marker;
    } while (marker !== undefined);
    return arns;
}

export async function listInlinePolicyNames(iam: IAM, role: string): Promise<string[]> {
    const names: string[] = [];
    let marker: string | undefined;
    do {
        const page = await ifFound(iam.listRolePolicies({ RoleName: role, Marker: marker }));
        names.push(...(page?.PolicyNames ?? []));
        marker = page?.Marker;
    } while (marker !== undefined);
    return names;
}

/** Keeps the program's text while AWS has an equivalent one (role.go, readRoleInlinePolicies and inlinePoliciesEquivalent). */
export async function listInlinePolicies(iam: IAM, role: string, prior: Value | undefined): Promise<Value> {
    const actual: ValueMap[] = [];
    for (const name of await listInlinePolicyNames(iam, role)) {
        const { PolicyDocument } = await iam.getRolePolicy({ RoleName: role, PolicyName: name });
        actual.push({ name, policy: normalizeJson(decodeURIComponent(PolicyDocument ?? "")) });
    }
    const before = asMaps(prior);
    return sameInlinePolicies(before, actual) ? before : actual;
}

function sameInlinePolicies(before: ValueMap[], actual: ValueMap[]): boolean {
    // A single empty block means "no policies".
    if (actual.length === 0 && before.length === 1 && before[0]?.["policy"] === undefined) {
        return true;
    }
    return (
        before.length === actual.length &&
        before.every((ours) =>
            actual.some(
                (theirs) =>
                    ours["name"] === theirs["name"] &&
                    equivalentPolicies(asString(ours["policy"]) ?? "", asString(theirs["policy"]) ?? ""),
            ),
        )
    );
}

/** role.go, addRoleInlinePolicies */
export async function putInlinePolicies(iam: IAM, role: string, policies: Value | undefined): Promise<void> {
    await eachOf(asMaps(policies), async (policy) => {
        const [name, document] = [asString(policy["name"]), asString(policy["policy"])];
        if (name !== undefined && document !== undefined) {
            await explain(
                `adding inline policy (${name})`,
                iam.putRolePolicy({ RoleName: role, PolicyName: name, PolicyDocument: document }),
            );
        }
    });
}

/** Tries each one, and joins the failures as Go's errors.Join does. */
async function eachOf<T>(items: readonly T[], attempt: (item: T) => Promise<unknown>): Promise<void> {
    const failures: string[] = [];
    for (const item of items) {
        await attempt(item).catch((error: unknown) => {
            failures.push(error instanceof Error ? error.message : String(error));
        });
    }
    if (failures.length > 0) {
        throw new Error(failures.join("\n"));
    }
}

export async function setInlinePolicies(
    iam: IAM,
    role: string,
    olds: Value | undefined,
    news: Value | undefined,
): Promise<void> {
    const names = asMaps(news).map((policy) => policy["name"]);
    const gone = asMaps(olds).flatMap((policy) => asString(policy["name"]) ?? []);
    await deleteInlinePolicies(
        iam,
        role,
        gone.filter((name) => !names.includes(name)),
    );
    await putInlinePolicies(iam, role, news);
}

/** role.go, deleteRoleInlinePolicies */
export async function deleteInlinePolicies(iam: IAM, role: string, names: string[]): Promise<void> {
    await eachOf(names, (name) =>
        explain(
            `deleting IAM Role (${role}) policy (${name})`,
            ifFound(iam.deleteRolePolicy({ RoleName: role, PolicyName: name })),
        ),
    );
}

/** role.go, deleteRolePolicyAttachments and addRoleManagedPolicies */
export async function setAttachments(
    context: Context,
    iam: IAM,
    role: string,
    olds: Value | undefined,
    news: Value | undefined,
): Promise<void> {
    const [before, after] = [asStrings(olds), asStrings(news)];
    await detachPolicies(
        iam,
        role,
        before.filter((arn) => !after.includes(arn)),
    );
    await eachOf(
        after.filter((arn) => !before.includes(arn)),
        (arn) => attachPolicy(context, iam, role, arn),
    );
}

export function whileConcurrentlyModified<T>(context: Context, attempt: () => Promise<T>): Promise<T> {
    return retryWhen(
        { timeoutMilliseconds: context.propagationMilliseconds, signal: context.signal },
        attempt,
        (error) => hasCode(error, "ConcurrentModification"),
    );
}

/** internal/service/iam/role_policy_attachment.go, attachPolicyToRole */
export function attachPolicy(context: Context, iam: IAM, role: string, arn: string): Promise<unknown> {
    return explain(
        `attaching IAM Policy (${arn}) to IAM Role (${role})`,
        whileConcurrentlyModified(context, () => iam.attachRolePolicy({ RoleName: role, PolicyArn: arn })),
    );
}

export async function detachPolicies(iam: IAM, role: string, arns: string[]): Promise<void> {
    await eachOf(arns, (arn) =>
        explain(
            `detaching IAM Policy (${arn}) from Role (${role})`,
            ifFound(iam.detachRolePolicy({ RoleName: role, PolicyArn: arn })),
        ),
    );
}
