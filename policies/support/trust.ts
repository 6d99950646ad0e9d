import { REQUEST_TAGS } from "../../documents/podIdentity";
import type { Account } from "./account";
import { at, documentOf, isRecord, listOf, textsOf, UNKNOWN } from "./values";

/** A statement of a trust policy: the principals, the actions and the conditions. */
export interface TrustStatement {
    /** By kind, such as `Service` or `Federated`. `AWS: ["*"]` for the principal `*`. */
    readonly principals: Readonly<Record<string, readonly string[]>>;
    readonly actions: readonly string[];
    readonly conditions: readonly Condition[];
}

export interface Condition {
    readonly operator: string;
    readonly key: string;
    readonly values: readonly string[];
}

/** The Allow statements of a trust policy, or UNKNOWN. Deny statements are skipped: they can only restrict it. */
export function trustOf(assumeRolePolicy: unknown): TrustStatement[] | typeof UNKNOWN {
    const document = documentOf(assumeRolePolicy);
    return document === UNKNOWN
        ? UNKNOWN
        : listOf(at(document, "Statement"))
              .filter((statement) => at(statement, "Effect") === "Allow")
              .map((statement) => ({
                  principals: principalsOf(at(statement, "Principal")),
                  actions: textsOf(at(statement, "Action")),
                  conditions: conditionsOf(at(statement, "Condition")),
              }));
}

function principalsOf(principal: unknown): Record<string, string[]> {
    return isRecord(principal)
        ? Object.fromEntries(Object.entries(principal).map(([kind, names]) => [kind, textsOf(names)]))
        : { AWS: textsOf(principal) };
}

function conditionsOf(condition: unknown): Condition[] {
    return Object.entries(isRecord(condition) ? condition : {}).flatMap(([operator, keys]) =>
        Object.entries(isRecord(keys) ? keys : {}).map(([key, values]) => ({ operator, key, values: textsOf(values) })),
    );
}

export function servicesOf(trust: readonly TrustStatement[]): string[] {
    return trust.flatMap(({ principals }) => principals["Service"] ?? []);
}

/** The suffix depends on the partition: `ec2.amazonaws.com`, `ec2.amazonaws.com.cn`, … */
export function isEc2(service: string): boolean {
    return service.startsWith("ec2.");
}

/** The conditions on a key. Keys are case-insensitive. */
export function conditionsOn(key: string, conditions: readonly Condition[]): Condition[] {
    return conditions.filter((condition) => condition.key.toLowerCase() === key.toLowerCase());
}

/** Whether a statement is for the pods of this service account by EKS Pod Identity, according to the tags of the session. */
export function isForPodsOf({ namespace, name }: Account, { conditions }: TrustStatement): boolean {
    const has = (key: string, value: string) =>
        conditionsOn(key, conditions).some(({ values }) => values.includes(value));
    return has(REQUEST_TAGS.namespace, namespace) && has(REQUEST_TAGS.serviceAccount, name);
}

export function subjectsOf(trust: readonly TrustStatement[]): string[] {
    return trust.flatMap(({ conditions }) =>
        conditions.filter(({ key }) => key.toLowerCase().endsWith(":sub")).flatMap(({ values }) => values),
    );
}
