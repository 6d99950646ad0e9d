import { ROLE_ARN_ANNOTATION } from "../../documents/serviceAccountAnnotations";
import { faultOf, remainsInUpdate } from "../model/association";
import type { Preflight } from "../model/preflight";
import type { Refusal } from "../model/refusal";
import { refusals } from "../model/refusals";
import { nodesWithoutAgent } from "./agents";

/** https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html: "the 1.15.5 or later version of the plugin". */
const CNI_VERSION = [1, 15, 5];

/** The first version of Kubernetes for which EKS has Pod Identity: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html */
const FIRST_MINOR = 24;

/**
 * The first platform version with Pod Identity, by the minor version of Kubernetes. All platform versions of other versions have it.
 *
 * Source: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html (EKS Pod Identity cluster versions)
 */
const FIRST_PLATFORM: Readonly<Record<number, number>> = { 24: 13, 25: 10, 26: 9, 27: 8, 28: 4 };

/** Every reason why Pod Identity cannot give the pods the role. */
export function podIdentityReasons(preflight: Preflight): Refusal[] {
    const { subject, world } = preflight;
    if (subject.delivery !== "podIdentity") {
        return [];
    }
    const without = nodesWithoutAgent(world);
    const denied = Object.entries(preflight.agentRights ?? {}).flatMap(([role, right]) =>
        right === "denied" ? [role] : [],
    );
    return [
        ...annotatedReasons(preflight),
        ...faultReasons(preflight),
        ...(without.length === 0 ? [] : [refusals.agentsMissing(subject, without)]),
        ...keptAwayReasons(preflight),
        ...(denied.length === 0 ? [] : [refusals.agentWithoutRights(denied)]),
        ...versionReasons(preflight),
    ];
}

/** Once the component has its association, this is a remaining step: a refusal would keep the update from repairs. */
function keptAwayReasons({ subject, world, ownAssociation = false }: Preflight): Refusal[] {
    const { taintsWithoutAgent = [] } = world.cluster;
    return ownAssociation || taintsWithoutAgent.length === 0
        ? []
        : [refusals.agentNotTolerating(subject, taintsWithoutAgent)];
}

/** The annotation has no effect beside the association. Without it, pods would get that role again. */
function annotatedReasons({ subject, world, isApproved = false }: Preflight): Refusal[] {
    const { [ROLE_ARN_ANNOTATION]: annotated } = world.cluster.serviceAccount?.annotations ?? {};
    return isApproved || annotated === undefined ? [] : [refusals.alreadyAnnotated(subject, annotated)];
}

/** The engine's update would leave these in the association, and the rollout would refuse it. */
function faultReasons({ subject, world, ownAssociation = false }: Preflight): Refusal[] {
    const { associations } = world.account;
    const [own] = ownAssociation && associations?.is === "seen" ? associations.associations : [];
    const fault = own !== undefined && remainsInUpdate(own) ? faultOf(own) : undefined;
    return fault === undefined ? [] : [refusals.associationDiffers(subject, fault, true, true)];
}

function versionReasons({ world, clusterVersion, platformVersion }: Preflight): Refusal[] {
    const { major, minor } = clusterVersion;
    const image = world.cluster.daemonSet?.images["aws-node"] ?? "";
    const cni = /:v?(\d+)\.(\d+)\.(\d+)/.exec(image)?.slice(1).map(Number);
    const platform = Number(/^eks\.(\d+)$/.exec(platformVersion ?? "")?.[1] ?? Infinity);
    const { [minor]: first = 0 } = FIRST_PLATFORM;
    const isOldPlatform = major === 1 && platform < first;
    return [
        ...(major === 1 && minor < FIRST_MINOR
            ? [
                  refusals.clusterTooOldForPodIdentity(
                      `Kubernetes 1.${String(minor)}`,
                      `Kubernetes 1.${String(FIRST_MINOR)}`,
                  ),
              ]
            : []),
        ...(isOldPlatform
            ? [
                  refusals.clusterTooOldForPodIdentity(
                      `the platform version eks.${String(platform)} of Kubernetes 1.${String(minor)}`,
                      `eks.${String(first)}`,
                  ),
              ]
            : []),
        ...(cni !== undefined && isBefore(cni, CNI_VERSION)
            ? [refusals.cniTooOldForPodIdentity(cni.join("."), CNI_VERSION.join("."))]
            : []),
    ];
}

export function isBefore(version: readonly number[], other: readonly number[]): boolean {
    const [i = 0] = version.flatMap((part, index) => (part === other[index] ? [] : [index]));
    return (version[i] ?? 0) < (other[i] ?? 0);
}
