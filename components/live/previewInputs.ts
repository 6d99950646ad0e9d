import { parseClusterArn, parseOidcProviderArn } from "../../documents/arn";
import { serviceAccountAnnotations } from "../../documents/serviceAccountAnnotations";
import type { ServiceAccountName } from "../../documents/trustPolicy";
import type { AwsConnection } from "../../handover/model/connection";
import type { HandOverRecord } from "../../handover/model/record";
import type { Subject } from "../../handover/model/subject";
import type { PreviewInputs } from "../../handover/preview/previewHandOver";
import { KnownArgs, NOT_YET_KNOWN } from "../arguments/knownArgs";
import { handOverSubject, type PodIdentityNames } from "./handOverSubject";
import type { OwnNodeRole } from "./ownNodeRoles";

/** The inputs of the plan that are always known. */
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
    readonly delivery: Subject["delivery"];
    readonly deliverySeconds: number;
    /** Whether the program gets no output before the component has finished. */
    readonly inPlugin: boolean;
}

/** The inputs of the plan that a preview may not know. */
interface Known {
    readonly roleArn: string;
    readonly record: HandOverRecord;
    readonly serviceAccount: ServiceAccountName;
    readonly oidcProviderArn: string;
    readonly podIdentity?: PodIdentityNames;
    readonly additionalOidcProviderArns?: readonly string[];
    readonly clusterName?: string;
    readonly daemonSetName: string;
    readonly stsRegionalEndpoints?: boolean;
    readonly tokenExpirationSeconds?: number;
    readonly detachFromNodeRoles?: readonly string[];
    readonly ownNodeRoles: readonly OwnNodeRole[];
    readonly handedOverClusterArns?: readonly string[];
    readonly regions?: readonly string[];
    readonly overrideExistingServiceAccount?: boolean;
    readonly kubeconfig?: string;
    readonly aws?: AwsConnection;
    readonly region: string;
}

/** The same names, with values that may be unknown. */
export type KnownLate = { readonly [K in keyof Known]: unknown };

/** Values that an update creates or records. All others must be known, otherwise there is no plan. */
const MAY_BE_UNKNOWN = ["roleArn", "record"];

/** The placeholder for the name of a role that the update will create. No message contains it. */
const PLACEHOLDER_ROLE_NAME = "to-be-created";

/** The inputs of the plan, or the reason why there is no plan yet. */
export function previewInputs(plain: PlainParts, settled: KnownArgs): PreviewInputs | string {
    const late = Object.keys(settled).filter((name) => !MAY_BE_UNKNOWN.includes(name) && isLate(settled[name]));
    if (late.length > 0) {
        return `${late.join(", ")} ${late.length === 1 ? "is" : "are"} not known yet`;
    }
    const known = settled as unknown as Known;
    const roleArn = isLate(known.roleArn) ? placeholderRoleArn(known) : known.roleArn;
    if (roleArn === undefined) {
        return "existingRoleArn is not known yet";
    }
    const { detachFromNodeRoles, handedOverClusterArns, regions } = known;
    const { kubeconfig, aws, region, daemonSetName } = known;
    const { component, fieldManager, ipFamily, context, canaryActs, injectionGuard, additionalPolicies } = plain;
    const { formerFieldManagers, stableSeconds, iamPropagationSeconds, maxNotReadyNodes } = plain;
    const { delivery, deliverySeconds, inPlugin } = plain;
    return {
        subject: handOverSubject({
            component,
            fieldManager,
            ipFamily,
            roleArn,
            annotations: delivery === "podIdentity" ? {} : serviceAccountAnnotations({ ...known, roleArn }),
            serviceAccount: known.serviceAccount,
            oidcProviderArns: [known.oidcProviderArn, ...(known.additionalOidcProviderArns ?? [])],
            clusterName: known.clusterName ?? "",
            daemonSetName,
            delivery,
            ...(known.podIdentity === undefined ? {} : { cluster: known.podIdentity }),
        }),
        deliverySeconds,
        inPlugin,
        formerFieldManagers,
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(context === undefined ? {} : { context }),
        ...(aws === undefined ? {} : { aws }),
        region,
        ...(regions === undefined ? {} : { regions }),
        overrideExistingServiceAccount: known.overrideExistingServiceAccount ?? false,
        canaryActs,
        injectionGuard,
        additionalPolicies,
        stableSeconds,
        iamPropagationSeconds,
        maxNotReadyNodes,
        detachFromNodeRoles,
        ownNodeRoles: known.ownNodeRoles,
        ...(handedOverClusterArns === undefined ? {} : { handedOverClusterArns }),
        record: isLate(known.record) ? undefined : known.record,
        isNewRole: isLate(known.roleArn),
    };
}

/** The component creates the role in the account of the cluster's OIDC provider, or of the cluster itself. */
function placeholderRoleArn({
    oidcProviderArn,
    podIdentity,
}: Pick<Known, "oidcProviderArn" | "podIdentity">): string | undefined {
    const provider = parseOidcProviderArn(oidcProviderArn) ?? parseClusterArn(podIdentity?.arn ?? "");
    return provider && `arn:${provider.partition}:iam::${provider.accountId}:role/${PLACEHOLDER_ROLE_NAME}`;
}

function isLate(value: unknown): boolean {
    return (
        value === NOT_YET_KNOWN ||
        (typeof value === "object" && value !== null && Object.values(value).some((part) => isLate(part)))
    );
}
