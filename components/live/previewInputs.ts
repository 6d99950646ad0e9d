import { parseOidcProviderArn } from "../../documents/arn";
import { serviceAccountAnnotations } from "../../documents/serviceAccountAnnotations";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import type { AwsConnection } from "../../handover/model/connection";
import type { HandOverRecord } from "../../handover/model/record";
import type { Subject } from "../../handover/model/subject";
import type { PreviewInputs } from "../../handover/preview/previewHandOver";
import { LATE, Settled } from "../arguments/settled";
import { handOverSubject } from "./handOverSubject";

/** What a component knows of its hand-over from the beginning. */
export interface PlainParts {
    readonly component: string;
    readonly fieldManager: string;
    readonly formerFieldManagers: readonly string[];
    readonly ipFamily: Subject["ipFamily"];
    readonly context: string | undefined;
    readonly canaryActs: boolean;
    readonly injectionGuard: boolean;
    readonly additionalPolicies: boolean;
    readonly stableSeconds: number;
    readonly iamPropagationSeconds: number;
    readonly maxNotReadyNodes: number;
}

/** What a preview may know and may not know, and what without the role is known all the same. */
interface Known {
    readonly roleArn: string;
    readonly record: HandOverRecord;
    readonly delivered: string;
    readonly serviceAccount: ServiceAccountName;
    readonly oidcProviderArn: string;
    readonly additionalOidcProviderArns?: readonly string[];
    readonly clusterName?: string;
    readonly daemonSetName: string;
    readonly stsRegionalEndpoints?: boolean;
    readonly tokenExpirationSeconds?: number;
    readonly detachFromNodeRoles?: readonly string[];
    readonly detachPolicyArns?: readonly string[];
    readonly overrideExistingServiceAccount?: boolean;
    readonly kubeconfig?: string;
    readonly aws?: AwsConnection;
    readonly region: string;
}

/** Names of what is known to be asked for. */
export type KnownLate = { readonly [K in keyof Known]: unknown };

/** What an update makes or records. Everything else must be known, or there is nothing to look at. */
const MAY_BE_LATE = ["roleArn", "record", "delivered"];

/** Stands for the name of a role that an update is about to make. It is in no message. */
const ROLE_TO_BE_MADE = "to-be-made";

/** What the plan is made of, or why there can be none yet. */
export function previewInputs(plain: PlainParts, settled: Settled): PreviewInputs | string {
    const late = Object.keys(settled).filter((name) => !MAY_BE_LATE.includes(name) && isLate(settled[name]));
    if (late.length > 0) {
        return `${late.join(", ")} ${late.length === 1 ? "is" : "are"} not known yet`;
    }
    const known = settled as unknown as Known;
    const roleArn = isLate(known.roleArn) ? roleToBeMade(known.oidcProviderArn) : known.roleArn;
    if (roleArn === undefined) {
        return "existingRoleArn is not known yet";
    }
    const { detachFromNodeRoles, detachPolicyArns, kubeconfig, aws, region, daemonSetName } = known;
    const { component, fieldManager, ipFamily, context, canaryActs, injectionGuard, additionalPolicies } = plain;
    const { formerFieldManagers, stableSeconds, iamPropagationSeconds, maxNotReadyNodes } = plain;
    return {
        subject: handOverSubject({
            component,
            fieldManager,
            ipFamily,
            roleArn,
            annotations: serviceAccountAnnotations({ ...known, roleArn }),
            serviceAccount: known.serviceAccount,
            oidcProviderArns: [known.oidcProviderArn, ...(known.additionalOidcProviderArns ?? [])],
            clusterName: known.clusterName ?? "",
            daemonSetName,
        }),
        formerFieldManagers,
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(context === undefined ? {} : { context }),
        ...(aws === undefined ? {} : { aws }),
        region,
        overrideExistingServiceAccount: known.overrideExistingServiceAccount ?? false,
        canaryActs,
        injectionGuard,
        additionalPolicies,
        stableSeconds,
        iamPropagationSeconds,
        maxNotReadyNodes,
        detachFromNodeRoles,
        detachPolicyArns,
        record: isLate(known.record) ? undefined : known.record,
        delivered: isLate(known.delivered) ? undefined : known.delivered,
    };
}

/** The component makes it in the account of the cluster's OIDC provider. */
function roleToBeMade(oidcProviderArn: string): string | undefined {
    const provider = parseOidcProviderArn(oidcProviderArn);
    return provider && `arn:${provider.partition}:iam::${provider.accountId}:role/${ROLE_TO_BE_MADE}`;
}

function isLate(value: unknown): boolean {
    return (
        value === LATE ||
        (typeof value === "object" && value !== null && Object.values(value).some((part) => isLate(part)))
    );
}
